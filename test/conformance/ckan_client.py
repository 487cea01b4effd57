"""Drives two running programs with the unmodified client ckanapi: search, show,
dump, load, calls with a key, and the errors that the client tells apart.

usage: ckan_client.py URL KEY OTHER_URL OTHER_KEY
Ends with the first difference as an AssertionError.
"""

import json
import os
import subprocess
import sys
import tempfile

import requests
from ckanapi import RemoteCKAN
from ckanapi.errors import NotAuthorized, NotFound, SearchQueryError, ValidationError

url, key, other_url, other_key = sys.argv[1:]
anyone, keeper = RemoteCKAN(url), RemoteCKAN(url, apikey=key)


def refused(kind, do, **params):
    try:
        got = do(**params)
    except kind as e:
        return e
    raise AssertionError(f"wanted {kind.__name__}, got {got!r:.300}")


def client(*args, stdin=None):
    """Runs the command ckanapi as people do."""
    programs = os.path.dirname(sys.executable)
    env = dict(os.environ, PATH=programs + os.pathsep + os.environ["PATH"])  # it starts workers of its own by name
    done = subprocess.run([os.path.join(programs, "ckanapi"), *args], input=stdin, capture_output=True, text=True, timeout=300, env=env)
    assert done.returncode == 0, f"{args}: {done.returncode}\n{done.stderr}"
    return done.stdout


def search():
    names = anyone.action.package_list()
    assert "division" in names and names == sorted(names), names
    everything = anyone.action.package_search(rows=1000)
    assert everything["count"] == len(names) == len(everything["results"])
    for get in (True, False):
        found = anyone.call_action("package_search", {"q": "行政区划", "rows": 1}, requests_kwargs={}) if not get else RemoteCKAN(url, get_only=True).action.package_search(q="行政区划", rows=1)
        assert found["results"][0]["name"] == "division", found
    for q, want in {"name:division": {"division"}, "title:行政区划": {"division"}, "name:(division OR legal-entity)": {"division", "legal-entity"},
                    "name:div*": {"division"}, "name:division AND NOT groups:public-data": set(), "+groups:public-data -name:[a TO m]": None,
                    'title:"行政区划"': {"division"}, "*:*": set(names), "": set(names), "没有这样的词": set()}.items():
        got = {p["name"] for p in anyone.action.package_search(q=q, rows=1000)["results"]}
        if want is None:
            want = {p["name"] for p in everything["results"] if any(g["name"] == "public-data" for g in p["groups"]) and not "a" <= p["name"] <= "m"}
        assert got == want, (q, got)
    one, two = (anyone.action.package_search(q="*:*", sort="name asc", rows=1, start=n)["results"][0]["name"] for n in (0, 1))
    assert [one, two] == names[:2], (one, two)
    facets = anyone.call_action("package_search", {"rows": 0, "facet.field": ["groups", "organization"], "facet.limit": 1})
    assert facets["results"] == [] and len(facets["facets"]["groups"]) == 1, facets
    top = facets["search_facets"]["groups"]["items"][0]
    assert top["display_name"] and top["count"] == anyone.action.package_search(fq="groups:" + top["name"])["count"]
    refused(SearchQueryError, anyone.action.package_search, q="name:(")
    refused(SearchQueryError, anyone.action.package_search, sort="nonsense up")
    refused(SearchQueryError, anyone.action.package_search, nonsense="1")
    refused(ValidationError, anyone.action.package_search, rows="many")


def show():
    p = anyone.action.package_show(id="division")
    assert anyone.action.package_show(id=p["id"]) == p
    assert anyone.action.resource_show(id=p["resources"][0]["id"]) == p["resources"][0]
    assert anyone.action.organization_show(id=p["owner_org"])["name"] == p["organization"]["name"]
    assert p["name"] in {q["name"] for q in anyone.action.organization_show(id=p["owner_org"], include_datasets=True)["packages"]}
    assert p["organization"]["name"] in anyone.action.organization_list()
    full = anyone.action.organization_list(all_fields=True)
    assert all(o["package_count"] > 0 and o["is_organization"] for o in full), full
    assert "public-data" in anyone.action.group_list() and anyone.action.group_show(id="public-data")["title"]
    tag = p["tags"][0]["name"]
    assert tag in anyone.action.tag_list() and anyone.action.tag_show(id=tag)["name"] == tag
    assert anyone.action.tag_search(query=tag)["count"] >= 1
    assert anyone.action.package_autocomplete(q="div")[0]["name"] == "division"
    assert anyone.action.site_read() is True and anyone.action.status_show()["site_url"] == url
    assert anyone.action.help_show(name="package_search").startswith("Search")
    assert anyone.action.resource_search(query="format:json")["count"] > 0
    assert len(anyone.action.current_package_list_with_resources(limit=2)) == 2
    assert any(l["id"] == "cc-by" for l in anyone.action.license_list()) and anyone.action.vocabulary_list() == []


def rows():
    resource = anyone.action.package_show(id="division")["resources"][0]["id"]
    first = anyone.action.datastore_search(resource_id=resource, limit=3)
    assert len(first["records"]) == 3 and first["total"] > 5000 and first["fields"][0] == {"id": "_id", "type": "int"}, first
    assert anyone.action.datastore_search(resource_id=resource, limit=1, offset=2)["records"] == first["records"][2:]
    assert anyone.action.datastore_info(resource_id=resource)["meta"]["count"] == first["total"]
    counties = anyone.action.datastore_search(resource_id=resource, filters={"level": "county"}, limit=5, sort="code desc", fields=["code", "name"])
    assert counties["total"] == 24 and list(counties["records"][0]) == ["code", "name"], counties
    codes = [r["code"] for r in counties["records"]]
    assert codes == sorted(codes, reverse=True)
    assert anyone.action.datastore_search(resource_id=resource, q="长安区", limit=1)["records"][0]["name"] == "长安区"
    assert anyone.action.datastore_search(resource_id=resource, fields="level", distinct=True)["total"] == 4
    assert anyone.action.datastore_search(resource_id=resource, limit=99999, include_total=False)["limit"] == 32000
    text = anyone.action.datastore_search(resource_id=resource, fields="code,name", limit=2, records_format="csv")["records"]
    assert len(text.splitlines()) == 2 and "," in text
    lists = anyone.action.datastore_search(resource_id=resource, fields="code,name", limit=2, records_format="lists")["records"]
    assert lists[0] == text.splitlines()[0].split(",")
    assert "total" not in anyone.action.datastore_search(resource_id=resource, limit=0, include_total=False)
    for bad in ({"sort": "code; drop table"}, {"fields": "nothing"}, {"filters": {"nothing": 1}}, {"limit": -1}, {"records_format": "xml"}, {"nonsense": 1}):
        refused(ValidationError, anyone.action.datastore_search, resource_id=resource, **bad)
    refused(NotFound, anyone.action.datastore_search, resource_id="0d6c1d0e-52b1-5c0c-9f39-3c5f3f6a7b11")
    refused(ValidationError, anyone.action.datastore_search)
    persons = anyone.action.package_show(id="natural-person")["resources"][0]["id"]
    refused(NotAuthorized, anyone.action.datastore_search, resource_id=persons)
    assert anyone.action.resource_show(id=persons)["datastore_active"] is False


def write():
    refused(NotAuthorized, anyone.action.package_create, name="river-water", owner_org="1301-ecology")
    refused(NotAuthorized, RemoteCKAN(url, apikey="csk_wrong").action.package_list)
    refused(NotAuthorized, anyone.action.user_show)
    assert keeper.action.user_show()["state"] == "active" and len(keeper.action.user_list()) == 1
    assert keeper.action.organization_list_for_user(permission="read")
    error = refused(ValidationError, keeper.action.package_create, title="无名", owner_org="1301-ecology")
    assert "name" in error.error_dict, error
    refused(ValidationError, keeper.action.package_create, name="No Good", owner_org="1301-ecology")
    refused(ValidationError, keeper.action.package_create, name="river-water", owner_org="nobody")
    made = keeper.action.package_create(
        name="river-water", title="河流水质", notes="每周\n</script>", owner_org="1301-ecology", license_id="cc-by", version="2", url="https://example.org/water",
        author="某某", maintainer_email="water@example.org", tags=[{"name": "水质"}, {"name": "river 2"}], groups=[{"name": "public-data"}],
        extras=[{"key": "spatial", "value": '{"type":"Point","coordinates":[114.5,38.05]}'}],
        resources=[{"name": "周报", "url": "https://example.org/water.csv", "format": "CSV", "size": 1234, "mimetype": "text/csv", "colour": "blue"}])
    assert keeper.action.package_show(id="river-water") == made == anyone.action.package_show(id=made["id"])
    assert made["resources"][0]["colour"] == "blue" and made["resources"][0]["size"] == 1234 and made["num_tags"] == 2
    more = keeper.action.resource_create(package_id="river-water", url="https://example.org/water.json", format="JSON", name="接口")
    assert keeper.action.resource_show(id=more["id"])["url"] == "https://example.org/water.json"
    assert keeper.action.resource_patch(id=more["id"], name="新名")["format"] == "JSON"
    assert "format" not in keeper.action.resource_update(id=more["id"], url="https://example.org/2") or not keeper.action.resource_show(id=more["id"])["format"]
    keeper.action.resource_delete(id=more["id"])
    refused(NotFound, keeper.action.resource_show, id=more["id"])
    assert keeper.action.package_patch(id="river-water", title="河流水质周报")["notes"] == made["notes"]
    assert keeper.action.package_update(id=made["id"], name="river-water", owner_org="1301-ecology")["resources"] == []
    hidden = keeper.action.package_create(name="hidden-water", owner_org="1301-ecology", private=True)
    refused(NotAuthorized, anyone.action.package_show, id=hidden["id"])
    assert anyone.action.package_search(q="name:hidden-water", include_private=True)["count"] == 0
    assert keeper.action.package_search(q="name:hidden-water", include_private=True)["count"] == 1
    keeper.action.package_delete(id="hidden-water")
    refused(NotFound, keeper.action.package_show, id="hidden-water")
    refused(NotAuthorized, keeper.action.package_delete, id="division")
    refused(NotAuthorized, keeper.action.organization_create, name="new-bureau", title="新局")
    assert keeper.action.package_update(**made)["resources"] == made["resources"]


# What belongs to the site and the moment, not to what a package says.
OWN = ("metadata_created", "metadata_modified", "created", "last_modified", "id", "package_id", "url", "datastore_active", "release", "rows")


def said(value):
    if isinstance(value, dict):
        return {k: said(v) for k, v in value.items() if k not in OWN}
    return [said(v) for v in value] if isinstance(value, list) else value


def dump_and_load():
    with tempfile.TemporaryDirectory() as folder:
        dump = os.path.join(folder, "all.jsonl")
        client("dump", "datasets", "--all", "-q", "-O", dump, "-r", url)
        with open(dump, encoding="utf-8") as f:
            before = {p["name"]: p for p in map(json.loads, f)}
        assert set(before) == set(anyone.action.package_list()), before.keys()
        # A package of a city whose packs this one has not got becomes an entry.
        strange = dict(before["division"], name="division-of-elsewhere", id="4be0643f-1d98-573b-97cd-ca98a65347dd",
                       resources=[dict(r, id="5be0643f-1d98-573b-97cd-ca98a65347d" + str(i)) for i, r in enumerate(before["division"]["resources"])],
                       organization=dict(before["division"]["organization"], name="bureau-elsewhere", title="别处的局"), owner_org="6be0643f-1d98-573b-97cd-ca98a65347dd")
        with open(dump, "a", encoding="utf-8") as f:
            f.write(json.dumps(strange) + "\n")
        log = os.path.join(folder, "log")
        client("load", "datasets", "-I", dump, "-l", log, "-q", "-r", other_url, "-a", other_key)
        with open(log, encoding="utf-8") as f:
            for line in f:
                assert json.loads(line)[3] is None, line
        again = client("dump", "datasets", "--all", "-q", "-r", other_url)
        after = {p["name"]: p for p in map(json.loads, again.splitlines())}
        assert set(after) == set(before) | {strange["name"]}
        for name, p in before.items():
            assert said(after[name]) == said(p), f"{name}\n{said(after[name])}\n{said(p)}"
        for member in ("id", "resources", "extras", "tags", "notes", "license_id", "groups"):
            want, got = strange[member], after[strange["name"]][member]
            assert said(got) == said(want), (member, got, want)
        assert after[strange["name"]]["organization"]["title"] == "别处的局"
        assert after["river-water"]["resources"] == before["river-water"]["resources"]
        for thing in ("organizations", "groups"):
            lines = client("dump", thing, "--all", "-q", "-r", url)
            client("load", thing, "-q", "-r", url, "-a", key, stdin=lines)
        packages = os.path.join(folder, "packages")
        os.mkdir(packages)
        client("dump", "datasets", "division", "-q", "--datapackages", packages, "-r", url)
        assert os.listdir(os.path.join(packages, "division", "data")), "the rows, which the package names by address"


def commands():
    """What people type."""
    everything = client("search", "datasets", "q=*:*", "-r", url).splitlines()
    assert sorted(json.loads(line)["name"] for line in everything) == anyone.action.package_list()
    assert json.loads(client("search", "datasets", "q=name:division", "-r", url))["name"] == "division"
    assert json.loads(client("dump", "users", "--all", "-q", "-r", url, "-a", key))["state"] == "active"
    client("action", "package_create", "name=short-lived", "title=短", "owner_org=1301-ecology", "-r", url, "-a", key)
    client("delete", "datasets", "short-lived", "-r", url, "-a", key)
    refused(NotFound, anyone.action.package_show, id="short-lived")
    tables = RemoteCKAN(url, get_only=True).action.datastore_search(resource_id="_table_metadata", limit=1000)["records"]
    assert anyone.action.package_show(id="division")["resources"][0]["id"] in {r["name"] for r in tables}


def raw():
    """What the client does not show: addresses, forms, headers."""
    for base in ("/api/action/", "/api/3/action/"):
        for answer in (requests.get(url + base + "package_show", params={"id": "division"}), requests.post(url + base + "package_show", data={"id": "division"}),
                       requests.post(url + base + "package_show", data=json.dumps({"id": "division"}), headers={"Content-Type": "application/x-www-form-urlencoded"})):
            body = answer.json()
            assert body["success"] and body["result"]["name"] == "division" and body["help"] == url + "/api/3/action/help_show?name=package_show", body
    for code, kind, address in ((404, "Not Found Error", "package_show?id=nothing"), (403, "Authorization Error", "user_show"), (409, "Validation Error", "package_show"),
                                (400, "Search Query Error", "package_search?q=name:(")):
        answer = requests.get(url + "/api/3/action/" + address)
        body = answer.json()
        assert answer.status_code == code and body["success"] is False and body["error"]["__type"] == kind, (answer.status_code, body)
    for address in ("no_such_action", "datastore_search_sql?sql=select", "package_create?name=x"):
        answer = requests.get(url + "/api/3/action/" + address)
        assert answer.status_code == 400 and answer.json().startswith("Bad request"), answer.text
    answer = requests.post(url + "/api/3/action/package_show", data=b'{"id": ')
    assert answer.status_code == 400, answer.text
    assert requests.post(url + "/api/3/action/package_show", data=b"[1]").status_code == 400
    assert requests.post(url + "/api/3/action/package_show", data=b'{"id":"' + b"x" * (2 << 20) + b'"}').status_code in (413, 429)
    answer = requests.get(url + "/api/3/action/site_read", headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*" and "Access-Control-Allow-Credentials" not in answer.headers
    assert requests.get(url + "/api/3/action/package_search?fq_list=name:division&fq_list=groups:public-data").json()["result"]["count"] == 1
    answer = requests.get(url + "/api/3/action/site_read?callback=show")
    assert answer.text.startswith("/**/show(") and answer.headers["Content-Type"].startswith("application/javascript")
    assert requests.get(url + "/api/3/action/site_read?callback=alert(1)//").status_code == 400
    assert requests.get(url + "/api/3").json() == {"version": 3}


for part in (search, show, rows, write, dump_and_load, commands, raw):
    part()
    print(part.__name__, "ok", flush=True)
