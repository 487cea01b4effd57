package ckan

// oneself refuses a call about anybody but the caller: who uses the site is
// personal.
func (c *call) oneself(param string) error {
	id, err := c.Params.text(param)
	if err != nil {
		return err
	}
	if c.User.ID == "" {
		return forbidden("Action " + c.Action + " requires an authenticated user")
	}
	if id != "" && id != c.User.ID && id != c.User.Name {
		return forbidden("User not authorized to see another user")
	}
	return nil
}

func (c *call) user() map[string]any {
	u := c.User
	return map[string]any{"id": u.ID, "name": u.Name, "fullname": u.Full, "display_name": u.Full, "sysadmin": u.Admin, "state": "active", "about": nil,
		"created": nil, "activity_streams_email_notifications": false, "number_created_packages": 0, "image_url": nil, "image_display_url": nil}
}

func (c *call) userShow() (any, error) {
	if err := c.oneself("id"); err != nil {
		return nil, err
	}
	out := c.user()
	if c.Params.flag("include_datasets", false) {
		out["datasets"] = []any{}
	}
	return out, nil
}

func (c *call) userList() (any, error) {
	if err := c.oneself(""); err != nil {
		return nil, err
	}
	q, err := c.Params.text("q")
	if err != nil {
		return nil, err
	}
	out := []any{}
	if has(c.User.Name, q) || has(c.User.Full, q) {
		if c.Params.flag("all_fields", true) {
			out = append(out, c.user())
		} else {
			out = append(out, c.User.Name)
		}
	}
	return out, nil
}
