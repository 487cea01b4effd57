package decl

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Decoder is implemented by types that read themselves from a YAML node. A
// problem is noted in r, not returned.
type Decoder interface {
	DecodeDecl(n *yaml.Node, file string, r *Report)
}

var (
	decoderType = reflect.TypeFor[Decoder]()
	posType     = reflect.TypeFor[Pos]()
	textType    = reflect.TypeFor[Text]()
)

// PosOf returns the place of n in file. A node that an overlay has put into the
// document carries the overlay's file in its Anchor; declarations have no
// anchors of their own.
func PosOf(n *yaml.Node, file string) Pos {
	if n.Anchor != "" {
		file = n.Anchor
	}
	return Pos{File: file, Line: n.Line, Col: n.Column}
}

// Decode reads n into the struct that out points to, strictly: unknown keys,
// keys given twice, wrong types and missing required keys are noted in r.
//
// Struct tags: `yaml:"name"`, `yaml:"name,required"`, and `yaml:",key"` on the
// field that receives the key when a slice of such structs is written as a
// mapping, which keeps the written order. An embedded Pos receives the place.
func Decode(n *yaml.Node, file string, out any, r *Report) {
	d := decoder{file: file, report: r, types: map[reflect.Type]map[string]structField{}}
	d.value(n, reflect.ValueOf(out).Elem())
}

type decoder struct {
	file   string
	report *Report
	// types keeps the fields of the types met: finding them anew for each
	// object took half the time of loading.
	types map[reflect.Type]map[string]structField
}

func (d *decoder) fieldsOf(t reflect.Type) map[string]structField {
	f, ok := d.types[t]
	if !ok {
		f = structFields(t)
		d.types[t] = f
	}
	return f
}

func (d *decoder) problem(n *yaml.Node, zh, en string) { d.report.Add(PosOf(n, d.file), zh, en) }

func (d *decoder) wrong(n *yaml.Node, zh, en string) {
	d.problem(n, "此处应为"+zh, "expected "+en+" here")
}

func (d *decoder) value(n *yaml.Node, v reflect.Value) {
	if n.Kind == yaml.AliasNode {
		d.problem(n, "不支持 YAML 引用（*名称），请写全", "YAML aliases are not supported; write it out")
		return
	}
	if v.CanAddr() && v.Addr().Type().Implements(decoderType) {
		v.Addr().Interface().(Decoder).DecodeDecl(n, d.file, d.report)
		return
	}
	if v.Type() == textType {
		d.text(n, v.Addr().Interface().(*Text))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem())
	case reflect.Struct:
		d.object(n, v)
	case reflect.Slice:
		d.list(n, v)
	case reflect.Map:
		d.mapping(n, v)
	default:
		d.scalar(n, v)
	}
}

func (d *decoder) text(n *yaml.Node, t *Text) {
	if n.Kind == yaml.ScalarNode {
		t.Zh, t.En = n.Value, n.Value
		return
	}
	var both struct {
		Zh string `yaml:"zh,required"`
		En string `yaml:"en,required"`
	}
	d.object(n, reflect.ValueOf(&both).Elem())
	*t = Text{Zh: both.Zh, En: both.En}
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.ScalarNode {
		d.wrong(n, "单个值", "a single value")
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.Value)
	case reflect.Bool:
		if n.Value != "true" && n.Value != "false" {
			d.wrong(n, " true 或 false", "true or false")
			return
		}
		v.SetBool(n.Value == "true")
	case reflect.Int, reflect.Int64:
		i, err := strconv.ParseInt(n.Value, 10, 64)
		if err != nil {
			d.wrong(n, "整数", "a whole number")
			return
		}
		v.SetInt(i)
	case reflect.Float64:
		f, err := strconv.ParseFloat(n.Value, 64)
		if err != nil {
			d.wrong(n, "数字", "a number")
			return
		}
		v.SetFloat(f)
	default:
		panic("decl: cannot decode into " + v.Type().String())
	}
}

// list reads a sequence, a mapping of keyed structs, or one bare scalar, which
// stands for a list of one.
func (d *decoder) list(n *yaml.Node, v reflect.Value) {
	elem := v.Type().Elem()
	switch {
	case n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			e := reflect.New(elem).Elem()
			d.value(item, e)
			v.Set(reflect.Append(v, e))
		}
	case n.Kind == yaml.MappingNode && keyField(elem) >= 0:
		d.keyed(n, v, elem)
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
	case n.Kind == yaml.ScalarNode && (elem.Kind() == reflect.String || reflect.PointerTo(elem).Implements(decoderType)):
		e := reflect.New(elem).Elem()
		d.value(n, e)
		v.Set(reflect.Append(v, e))
	default:
		d.wrong(n, "列表", "a list")
	}
}

func (d *decoder) keyed(n *yaml.Node, v reflect.Value, elem reflect.Type) {
	seen := map[string]bool{}
	target := elem
	if target.Kind() == reflect.Pointer {
		target = target.Elem()
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		if seen[key.Value] {
			d.problem(key, fmt.Sprintf("%q 写了两次", key.Value), fmt.Sprintf("%q is given twice", key.Value))
			continue
		}
		seen[key.Value] = true
		e := reflect.New(target)
		if val.Kind != yaml.ScalarNode || val.Tag != "!!null" {
			d.value(val, e.Elem())
		}
		e.Elem().Field(keyField(elem)).SetString(key.Value)
		setPos(e.Elem(), PosOf(key, d.file))
		if elem.Kind() == reflect.Pointer {
			v.Set(reflect.Append(v, e))
		} else {
			v.Set(reflect.Append(v, e.Elem()))
		}
	}
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		d.wrong(n, "键值对", "a mapping")
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		if v.MapIndex(reflect.ValueOf(key.Value)).IsValid() {
			d.problem(key, fmt.Sprintf("%q 写了两次", key.Value), fmt.Sprintf("%q is given twice", key.Value))
			continue
		}
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(val, e)
		v.SetMapIndex(reflect.ValueOf(key.Value), e)
	}
}

func (d *decoder) object(n *yaml.Node, v reflect.Value) {
	setPos(v, PosOf(n, d.file))
	if n.Kind != yaml.MappingNode {
		d.wrong(n, "键值对", "a mapping")
		return
	}
	fields := d.fieldsOf(v.Type())
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		f, ok := fields[key.Value]
		if !ok {
			zh, en := Suggest(key.Value, keysOf(fields))
			d.problem(key, fmt.Sprintf("未知的键 %q；%s", key.Value, zh), fmt.Sprintf("unknown key %q; %s", key.Value, en))
			continue
		}
		if seen[key.Value] {
			d.problem(key, fmt.Sprintf("%q 写了两次", key.Value), fmt.Sprintf("%q is given twice", key.Value))
			continue
		}
		seen[key.Value] = true
		d.value(val, v.FieldByIndex(f.index))
	}
	for name, f := range fields {
		if f.required && !seen[name] {
			d.problem(n, fmt.Sprintf("缺少 %q", name), fmt.Sprintf("%q is missing", name))
		}
	}
}

type structField struct {
	index    []int
	required bool
}

// structFields maps YAML names to fields, embedded structs included.
func structFields(t reflect.Type) map[string]structField {
	out := map[string]structField{}
	for _, f := range reflect.VisibleFields(t) {
		name, opts, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		out[name] = structField{f.Index, strings.Contains(opts, "required")}
	}
	return out
}

func keysOf(m map[string]structField) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}

// keyField returns the index of the `yaml:",key"` field of t, or -1.
func keyField(t reflect.Type) int {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return -1
	}
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("yaml") == ",key" {
			return i
		}
	}
	return -1
}

func setPos(v reflect.Value, p Pos) {
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.Anonymous && f.Type == posType {
			v.Field(i).Set(reflect.ValueOf(p))
		}
	}
}
