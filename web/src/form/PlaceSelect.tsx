import { useId, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { withParams } from "../api/query";
import type { Page, Place, Point } from "../api/types";
import { Choose } from "../kit/Choose";
import { labelPoint } from "../map/geometry";
import type { Areas } from "../map/geometry";
import { useText } from "../text";

/** A place chosen from the divisions, county by county, without a map. */
export function PlaceSelect({ areas, change }: { areas: Areas | undefined; change: (point: Point | undefined) => void }) {
  const { t } = useText();
  const [county, setCounty] = useState<Place>();
  const [street, setStreet] = useState<Place>();
  const [village, setVillage] = useState<Place>();
  const counties = usePlaces("", true);
  const streets = usePlaces(county?.code ?? "", county !== undefined);
  const villages = usePlaces(street?.code ?? "", street !== undefined);
  const names = counties.data?.length ? counties.data : fromAreas(areas);

  /** The nearest division upward that has a place. */
  const choose = (chain: (Place | undefined)[]) =>
    change(chain.map((place) => pointOf(place, areas)).findLast((point) => point !== undefined));
  const last = village ?? street;
  return (
    <div className="cs-place-list">
      <Level
        title={t.place.county}
        places={names}
        value={county}
        loading={counties.isFetching}
        choose={(place) => {
          setCounty(place);
          setStreet(undefined);
          setVillage(undefined);
          choose([place]);
        }}
      />
      <Level
        title={t.place.street}
        places={streets.data ?? []}
        value={street}
        loading={streets.isFetching}
        choose={(place) => {
          setStreet(place);
          setVillage(undefined);
          choose([county, place]);
        }}
      />
      {villages.data?.length ? (
        <Level
          title={t.place.village}
          places={villages.data}
          value={village}
          loading={villages.isFetching}
          choose={(place) => {
            setVillage(place);
            choose([county, street, place]);
          }}
        />
      ) : null}
      {last && !last.point ? <p className="cs-help">{t.place.noPoint}</p> : null}
    </div>
  );
}

function usePlaces(parent: string, enabled: boolean) {
  return useQuery({
    queryKey: keys.places(parent),
    queryFn: async ({ signal }) => (await get<Page<Place>>(withParams("/api/places", { parent }), signal)).items,
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

/** The counties on the map, should the list of divisions not be there. */
function fromAreas(areas: Areas | undefined): Place[] {
  return (areas?.features ?? []).map((feature) => ({
    code: feature.properties.title,
    name: feature.properties.title,
    level: "county",
    point: labelPoint(feature.geometry),
  }));
}

function pointOf(place: Place | undefined, areas: Areas | undefined): Point | undefined {
  if (place === undefined) return undefined;
  if (place.point) return place.point;
  const area = areas?.features.find((feature) => feature.properties.title === place.name);
  return area ? labelPoint(area.geometry) : undefined;
}

function Level({
  title,
  places,
  value,
  loading,
  choose,
}: {
  title: string;
  places: Place[];
  value: Place | undefined;
  loading: boolean;
  choose: (place: Place) => void;
}) {
  const { t } = useText();
  const id = useId();
  return (
    <div className="cs-place-field">
      <label htmlFor={id}>{title}</label>
      <Choose
        title={title}
        id={id}
        showSearch={{ optionFilterProp: "label" }}
        placeholder={t.form.choose}
        loading={loading}
        disabled={places.length === 0}
        value={value?.code ?? null}
        options={places.map((place) => ({ value: place.code, label: place.name }))}
        onChange={(code: string | null) => {
          const place = places.find((one) => one.code === code);
          if (place) choose(place);
        }}
      />
    </div>
  );
}
