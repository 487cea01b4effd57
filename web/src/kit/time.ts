/** Times are shown and entered in the city's own time, wherever the browser is. China has had no daylight saving since 1991. */
const zone = "Asia/Shanghai";
const offsetMinutes = 8 * 60;

const formatter = new Intl.DateTimeFormat("en-CA", {
  timeZone: zone,
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

function parts(iso: string): Record<string, string> | undefined {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return undefined;
  return Object.fromEntries(formatter.formatToParts(at).map((part) => [part.type, part.value]));
}

/** `2026-03-02 09:00`; what is no time is shown as it came. */
export function formatTime(iso: string | null | undefined): string {
  if (!iso) return "";
  const p = parts(iso);
  return p ? `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}` : iso;
}

/** `09:00:05`, for clocks. */
export function formatClock(at: number): string {
  const p = parts(new Date(at).toISOString());
  return p ? `${p.hour}:${p.minute}:${p.second}` : "";
}

/** `2026-03-02`, of a time or a date. */
export function formatDate(iso: string | null | undefined): string {
  if (!iso) return "";
  if (/^\d{4}-\d{2}-\d{2}$/.test(iso)) return iso;
  const p = parts(iso);
  return p ? `${p.year}-${p.month}-${p.day}` : iso;
}

/** The value of an `<input type="datetime-local">` for a time of the API. */
export function toTimeInput(iso: string | null | undefined): string {
  const p = iso ? parts(iso) : undefined;
  return p ? `${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}` : "";
}

/** The API's form of what stands in an `<input type="datetime-local">`; undefined when it is no time. */
export function fromTimeInput(text: string): string | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})/.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute] = match.slice(1, 6).map(Number) as [number, number, number, number, number];
  return new Date(Date.UTC(year, month - 1, day, hour, minute) - offsetMinutes * 60_000).toISOString();
}
