package ckan

import (
	"encoding/json"
	"maps"
	"slices"
)

// signedIn refuses nobody's changes before anything is said of what is there.
func (c *call) signedIn() error {
	if c.User.ID == "" {
		return forbidden("Action " + c.Action + " requires an authenticated user")
	}
	return nil
}

// changed returns the package as it is after a change.
func (c *call) changed(id string) (*Package, error) {
	cat, err := c.Writer.Reload(c.ctx)
	if err != nil {
		return nil, err
	}
	c.catalogue = cat
	if p := cat.Package(id); p != nil {
		return p, nil
	}
	return nil, notFound("Dataset not found")
}

func (c *call) packageCreate() (any, error) {
	if err := c.signedIn(); err != nil {
		return nil, err
	}
	fields, err := c.entryFields(c.Params, nil)
	if err != nil {
		return nil, err
	}
	if err := c.Writer.Create(c.ctx, fields); err != nil {
		return nil, err
	}
	return as[any](c.changed(fields["identifier"].(string)))
}

// target is the package that is to be changed: by id, or by name as CKAN allows.
func (c *call) target() (*Package, error) {
	if err := c.signedIn(); err != nil {
		return nil, err
	}
	if c.Params["id"] == nil && c.Params["name"] != nil {
		return c.packageOf("name")
	}
	return c.packageOf("id")
}

func (c *call) packageUpdate() (any, error) {
	p, err := c.target()
	if err != nil {
		return nil, err
	}
	return c.replace(p, c.Params)
}

// replace gives a package all its members anew. What packs declare stays as it
// is; to be told what is so already, as loading a dump does, changes nothing.
func (c *call) replace(p *Package, with Params) (any, error) {
	if p.Declared {
		for _, same := range []struct{ member, value string }{{"name", p.Name}, {"title", p.Title}, {"notes", p.Notes}, {"license_id", p.LicenseID}} {
			if given, err := with.text(same.member); err != nil || given != "" && given != same.value {
				return nil, forbidden(declared)
			}
		}
		return p, nil
	}
	fields, err := c.entryFields(with, p)
	if err != nil {
		return nil, err
	}
	if err := c.Writer.Revise(c.ctx, p, fields); err != nil {
		return nil, err
	}
	return as[any](c.changed(p.ID))
}

const declared = "this package is declared by a pack of the city; change the declaration"

// asParams is a package as a client would send it.
func asParams(p *Package) (Params, error) {
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	var out Params
	return out, json.Unmarshal(raw, &out)
}

func (c *call) packagePatch() (any, error) {
	p, err := c.target()
	if err != nil {
		return nil, err
	}
	with, err := asParams(p)
	if err != nil {
		return nil, err
	}
	if c.Params["owner_org"] != nil {
		delete(with, "organization")
	}
	if c.Params["tag_string"] != nil {
		delete(with, "tags")
	}
	maps.Copy(with, c.Params)
	return c.replace(p, with)
}

func (c *call) packageDelete() (any, error) {
	p, err := c.target()
	if err != nil {
		return nil, err
	}
	if p.Declared {
		return nil, forbidden(declared)
	}
	return nil, c.Writer.Delete(c.ctx, p)
}

// withResources changes the resources of a package by do.
func (c *call) withResources(p *Package, do func(list []any) ([]any, error)) (*Package, error) {
	if p.Declared {
		return nil, forbidden(declared)
	}
	list := make([]any, len(p.Resources))
	for i := range p.Resources {
		list[i] = p.Resources[i].Map()
	}
	list, err := do(list)
	if err != nil {
		return nil, err
	}
	fields := map[string]any{}
	if err := c.resourcesFields(Params{"resources": list}, fields, p); err != nil {
		return nil, err
	}
	if err := c.Writer.Revise(c.ctx, p, fields); err != nil {
		return nil, err
	}
	return c.changed(p.ID)
}

func (c *call) resourceCreate() (any, error) {
	if err := c.signedIn(); err != nil {
		return nil, err
	}
	p, err := c.packageOf("package_id")
	if err != nil {
		return nil, err
	}
	if id, _ := c.Params.text("id"); id != "" && c.catalogue.resources[id] != nil {
		return nil, invalid("id", "Resource id already exists")
	}
	p, err = c.withResources(p, func(list []any) ([]any, error) { return append(list, map[string]any(c.Params)), nil })
	if err != nil {
		return nil, err
	}
	return &p.Resources[len(p.Resources)-1], nil
}

// changeResource puts what by makes of a resource in its place.
func (c *call) changeResource(by func(old map[string]any) (map[string]any, error)) (any, error) {
	if err := c.signedIn(); err != nil {
		return nil, err
	}
	l, err := c.resourceOf("id")
	if err != nil {
		return nil, err
	}
	id := l.resource.ID
	p, err := c.withResources(l.pkg, func(list []any) ([]any, error) {
		for i := range list {
			if m := list[i].(map[string]any); m["id"] == id {
				next, err := by(m)
				if err != nil {
					return nil, err
				}
				if next == nil {
					return slices.Delete(list, i, i+1), nil
				}
				list[i] = next
				break
			}
		}
		return list, nil
	})
	if err != nil {
		return nil, err
	}
	for i := range p.Resources {
		if p.Resources[i].ID == id {
			return &p.Resources[i], nil
		}
	}
	return nil, nil
}

func (c *call) resourceUpdate() (any, error) {
	return c.changeResource(func(map[string]any) (map[string]any, error) { return c.Params, nil })
}

func (c *call) resourcePatch() (any, error) {
	return c.changeResource(func(old map[string]any) (map[string]any, error) {
		maps.Copy(old, c.Params)
		return old, nil
	})
}

func (c *call) resourceDelete() (any, error) {
	return c.changeResource(func(map[string]any) (map[string]any, error) { return nil, nil })
}
