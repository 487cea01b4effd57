package datum

import "fmt"

// SQL writes, in the SQL of DuckDB, the WGS84 position of a point that is given
// in d; points are structs of lon and lat. It is Convert: five rounds bring the
// inverse to below 1e-9 degree.
func SQL(d Datum, point string) string {
	switch d {
	case GCJ02:
		return back(point, shiftedSQL)
	case BD09:
		return back(back(point, baiduSQL), shiftedSQL)
	}
	return point
}

// back finds the point that f moves to the one given. The fold's first element
// holds it twice; each round goes back by the error of the last.
func back(point string, f func(x string) string) string {
	inside := func(p string) string {
		return fmt.Sprintf("(struct_extract(%[1]s, 'lon') between 72.004 and 137.8347 and struct_extract(%[1]s, 'lat') between 0.8293 and 55.8271)", p)
	}
	round := fmt.Sprintf("list_transform([%s], lambda got: {'p': a.p, 'q': {'lon': a.q.lon + a.p.lon - got.lon, 'lat': a.q.lat + a.p.lat - got.lat}})[1]", f("a.q"))
	return fmt.Sprintf("list_transform([%s], lambda given: case when %s then list_transform([list_reduce(list_transform(range(6), lambda _: {'p': given, 'q': given}), lambda a, _: %s).q], lambda found: case when %s then found else given end)[1] else given end)[1]",
		point, inside("given"), round, inside("found"))
}

// shiftedSQL is shifted.
func shiftedSQL(p string) string {
	const step = "list_transform([{'lon': %[1]s.lon, 'lat': %[1]s.lat, 'x': %[1]s.lon - 105, 'y': %[1]s.lat - 35, 'phi': %[1]s.lat / 180 * pi()}], lambda g: " +
		"list_transform([{'ripple': 20 * sin(6 * g.x * pi()) + 20 * sin(2 * g.x * pi()), 'root': sqrt(abs(g.x)), 'w2': 1 - 0.00669342162296594323::double * sin(g.phi) * sin(g.phi)}], lambda h: " +
		"{'lon': g.lon + (300 + g.x + 2 * g.y + 0.1::double * g.x * g.x + 0.1::double * g.x * g.y + 0.1::double * h.root + (h.ripple + 20 * sin(g.x * pi()) + 40 * sin(g.x / 3 * pi()) + 150 * sin(g.x / 12 * pi()) + 300 * sin(g.x / 30 * pi())) * 2 / 3) * 180 / (6378245 / sqrt(h.w2) * cos(g.phi) * pi()), " +
		"'lat': g.lat + (-100 + 2 * g.x + 3 * g.y + 0.2::double * g.y * g.y + 0.1::double * g.x * g.y + 0.2::double * h.root + (h.ripple + 20 * sin(g.y * pi()) + 40 * sin(g.y / 3 * pi()) + 160 * sin(g.y / 12 * pi()) + 320 * sin(g.y / 30 * pi())) * 2 / 3) * 180 / (6378245 * (1 - 0.00669342162296594323::double) / (h.w2 * sqrt(h.w2)) * pi())})[1])[1]"
	return fmt.Sprintf(step, p)
}

// baiduSQL is baidu.
func baiduSQL(p string) string {
	const step = "list_transform([{'z': sqrt(%[1]s.lon * %[1]s.lon + %[1]s.lat * %[1]s.lat) + 0.00002::double * sin(%[1]s.lat * pi() * 3000 / 180), " +
		"'t': atan2(%[1]s.lat, %[1]s.lon) + 0.000003::double * cos(%[1]s.lon * pi() * 3000 / 180)}], lambda g: {'lon': g.z * cos(g.t) + 0.0065::double, 'lat': g.z * sin(g.t) + 0.006::double})[1]"
	return fmt.Sprintf(step, p)
}
