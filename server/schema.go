package server

import (
	"net/http"

	"chengshu/core/record"
)

// schemaOf returns the JSON Schema (draft 2020-12) of a type's input fields.
func (s *Server) schemaOf(t *record.Type) map[string]any {
	out := objectSchema(t.Fields)
	out["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	out["$id"] = "/api/types/" + t.Name + "/schema.json"
	out["title"] = t.Title.Zh
	return out
}

func objectSchema(fields []*record.Field) map[string]any {
	props := map[string]any{}
	required := []string{}
	for _, f := range fields {
		if f.System || f.Computed.Given() || f.From != "" {
			continue
		}
		props[f.Name] = fieldSchema(f)
		if f.Required {
			required = append(required, f.Name)
		}
	}
	return map[string]any{"type": "object", "properties": props, "required": required, "additionalProperties": false}
}

func fieldSchema(f *record.Field) map[string]any {
	out := valueSchema(f)
	if f.Many && f.Type != record.File {
		out = map[string]any{"type": "array", "items": out}
		if f.Max > 0 {
			out["maxItems"] = f.Max
		}
	}
	out["title"] = f.Title.Zh
	out["description"] = f.Title.En
	return out
}

var fileSchema = map[string]any{"type": "object", "required": []string{"id", "name", "size", "media"}, "properties": map[string]any{
	"id": map[string]any{"type": "string", "pattern": "^[0-9a-f]{64}$"}, "name": map[string]any{"type": "string"},
	"size": map[string]any{"type": "integer"}, "media": map[string]any{"type": "string"}}}

func valueSchema(f *record.Field) map[string]any {
	switch f.Type {
	case record.Integer:
		out := map[string]any{"type": "integer"}
		if f.Min != nil {
			out["minimum"] = *f.Min
		}
		if f.Max > 0 {
			out["maximum"] = f.Max
		}
		return out
	case record.Boolean:
		return map[string]any{"type": "boolean"}
	case record.Date:
		return map[string]any{"type": "string", "format": "date"}
	case record.Time:
		return map[string]any{"type": "string", "format": "date-time"}
	case record.Decimal:
		return map[string]any{"type": "string", "pattern": `^-?\d+(\.\d+)?$`}
	case record.ChoiceOf:
		values := make([]string, len(f.Choices))
		for i, c := range f.Choices {
			values[i] = c.Value
		}
		return map[string]any{"type": "string", "enum": values}
	case record.PointAt:
		return map[string]any{"type": "object", "required": []string{"lon", "lat"}, "additionalProperties": false, "properties": map[string]any{
			"lon":   map[string]any{"type": "number", "minimum": -180, "maximum": 180},
			"lat":   map[string]any{"type": "number", "minimum": -90, "maximum": 90},
			"datum": map[string]any{"enum": []string{"wgs84", "cgcs2000", "gcj02", "bd09"}}}}
	case record.AreaOf:
		return map[string]any{"type": "object", "required": []string{"type", "coordinates"}, "properties": map[string]any{
			"type": map[string]any{"enum": []string{"Polygon", "MultiPolygon"}}, "coordinates": map[string]any{"type": "array"}}}
	case record.File:
		return map[string]any{"oneOf": []any{fileSchema, map[string]any{"type": "array", "items": fileSchema}}}
	case record.List:
		return map[string]any{"type": "array", "items": objectSchema(f.Fields)}
	}
	out := map[string]any{"type": "string"}
	if f.Max > 0 {
		out["maxLength"] = f.Max
	}
	if f.Pattern != "" {
		out["pattern"] = f.Pattern
	}
	return out
}

func (s *Server) typeSchema(w http.ResponseWriter, r *http.Request) error {
	t, err := s.declaredType(r)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, s.schemaOf(t))
}

// typeOpenAPI describes the generic routes as they are for one type.
func (s *Server) typeOpenAPI(w http.ResponseWriter, r *http.Request) error {
	t, err := s.declaredType(r)
	if err != nil {
		return err
	}
	base := "/api/records/" + t.Name
	if t.Case {
		base = "/api/cases/" + t.Name
	}
	answer := func(about string) map[string]any {
		return map[string]any{"description": about, "content": map[string]any{"application/json": map[string]any{"schema": map[string]any{"type": "object"}}}}
	}
	input := map[string]any{"required": true, "content": map[string]any{"application/json": map[string]any{"schema": map[string]any{
		"type": "object", "properties": map[string]any{"rev": map[string]any{"type": "integer"}, "note": map[string]any{"type": "string"},
			"action": map[string]any{"type": "string"}, "fields": map[string]any{"$ref": "#/components/schemas/fields"}}}}}}
	op := func(id, summary, code string, body bool) map[string]any {
		out := map[string]any{"operationId": t.Name + "-" + id, "summary": summary, "responses": map[string]any{code: answer(summary), "default": map[string]any{
			"description": "problem (RFC 9457)", "content": map[string]any{"application/problem+json": map[string]any{"schema": map[string]any{"type": "object"}}}}}}
		if body {
			out["requestBody"] = input
		}
		return out
	}
	id := map[string]any{"name": "id", "in": "path", "required": true, "schema": map[string]any{"type": "string"}}
	one := map[string]any{"parameters": []any{id}, "get": op("get", "read one", "200", false)}
	paths := map[string]any{
		base:           map[string]any{"get": op("list", "list", "200", false), "post": op("create", "create", "201", true)},
		base + "/{id}": one,
	}
	p, err := s.processes.Process(t.Name)
	switch {
	case err == nil:
		for _, a := range p.Actions {
			if !a.Start && !a.System {
				paths[base+"/{id}/"+a.Name] = map[string]any{"parameters": []any{id}, "post": op(a.Name, a.Title.En, "200", true)}
			}
		}
	case t.Resource == record.Dataset:
		base, version := "/api/datasets/"+t.Name+"/releases", map[string]any{"name": "version", "in": "path", "required": true, "schema": map[string]any{"type": "integer"}}
		release := func(id, summary string) map[string]any {
			return map[string]any{"parameters": []any{version}, "get": op(id, summary, "200", false)}
		}
		paths = map[string]any{base: map[string]any{"get": op("releases", "releases, newest first", "200", false)},
			base + "/{version}": release("release", "the manifest of one release"), base + "/{version}/rows": release("rows", "the rows of one release")}
	default:
		one["patch"], one["delete"] = op("revise", "revise", "200", true), op("delete", "delete", "204", false)
	}
	return send(w, http.StatusOK, map[string]any{"openapi": "3.1.0", "info": map[string]any{"title": t.Title.Zh, "version": s.version},
		"paths": paths, "components": map[string]any{"schemas": map[string]any{"fields": s.schemaOf(t)}}})
}
