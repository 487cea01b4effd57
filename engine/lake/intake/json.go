package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"chengshu/kernel/fault"
)

// allowance lets so many bytes be read between two tokens.
type allowance struct {
	io.Reader
	left int
}

func (a *allowance) Read(p []byte) (int, error) {
	if a.left <= 0 {
		return 0, fault.New(fault.Invalid, "long-value", "文件中有一个值超过 16 MiB", "a value in the file is over 16 MiB")
	}
	n, err := a.Reader.Read(p[:min(len(p), a.left)])
	a.left -= n
	return n, err
}

// walkJSON visits one value after the other: an array's members, or values
// that follow each other as in JSON lines. A name that an object has twice is
// refused: which of the two holds is anyone's guess.
func walkJSON(in io.Reader, v visitor) error {
	bound := &allowance{in, maxPiece}
	d := &jsonWalk{Decoder: json.NewDecoder(bound), bound: bound, v: v}
	d.UseNumber()
	for {
		t, err := d.token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = d.each("", t, 0)
		}
		if err != nil {
			return d.explain(err)
		}
	}
}

type jsonWalk struct {
	*json.Decoder
	bound *allowance
	v     visitor
}

func (d *jsonWalk) token() (json.Token, error) {
	d.bound.left = maxPiece
	return d.Token()
}

// inner is token where a file must not end.
func (d *jsonWalk) inner() (json.Token, error) {
	t, err := d.token()
	return t, cut(err)
}

// each visits a value, or the members of an array, under a name.
func (d *jsonWalk) each(name string, t json.Token, depth int) error {
	if depth > maxDepth {
		return fault.New(fault.Invalid, "too-deep", "文件嵌套超过 64 层", "the file is nested over 64 levels deep")
	}
	if t == json.Delim('[') {
		for {
			t, err := d.inner()
			if err != nil || t == json.Delim(']') {
				return err
			}
			if err := d.each(name, t, depth+1); err != nil {
				return err
			}
		}
	}
	if err := d.v.enter(name); err != nil {
		return err
	}
	var err error
	switch t := t.(type) {
	case json.Delim:
		err = d.members(depth)
	case nil:
		err = d.v.value("")
	case string:
		err = d.v.value(t)
	default: // a number as it stands, true or false
		err = d.v.value(fmt.Sprint(t))
	}
	if err != nil {
		return err
	}
	return d.v.leave()
}

func (d *jsonWalk) members(depth int) error {
	seen := map[string]bool{}
	for {
		t, err := d.inner()
		if err != nil || t == json.Delim('}') {
			return err
		}
		name, _ := t.(string) // the decoder lets nothing else through
		if len(name) > maxName {
			return longName(fmt.Sprintf("第 %d 字节处", d.InputOffset()), fmt.Sprintf("at byte %d", d.InputOffset()))
		}
		if seen[name] {
			return fault.New(fault.Invalid, "duplicate-key", fmt.Sprintf("第 %d 字节处的对象有两个 %q", d.InputOffset(), name), fmt.Sprintf("the object at byte %d has two members %q", d.InputOffset(), name))
		}
		if seen[name] = true; len(seen) > 100*maxFields {
			return fault.New(fault.Invalid, "wide-row", "有一个对象超过 20 万项", "an object has over 200,000 members")
		}
		if t, err = d.inner(); err != nil {
			return err
		}
		if err := d.each(name, t, depth+1); err != nil {
			return err
		}
	}
}

// explain says where a text stops being JSON.
func (d *jsonWalk) explain(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.Wrap(err, fault.Invalid, "broken-json", fmt.Sprintf("JSON 在第 %d 字节处有误或不完整", d.InputOffset()), fmt.Sprintf("the JSON is wrong or cut off at byte %d", d.InputOffset()))
	}
	return err
}
