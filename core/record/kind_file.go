package record

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"chengshu/core/rule"
	"chengshu/kernel/fault"
)

// FileRef is a stored file as a record holds it. The bytes are in the blob
// store under ID, their SHA-256 in hex.
type FileRef struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Size  int64  `json:"size"`
	Media string `json:"media"`
}

// stored checks that each file newly put into a field is one that the author
// has stored, and is what the store says it is: else whoever knows the digest
// of another's file could read it through a record of their own.
func (p *planner) stored(f *Field, v any, path string) error {
	if p.files == nil {
		return nil
	}
	held := map[FileRef]bool{}
	if p.d.old != nil {
		_ = eachFile(p.d.old.Values[f.index], "", func(ref FileRef, _ string) error { held[ref] = true; return nil })
	}
	return eachFile(v, path, func(ref FileRef, at string) error {
		if held[ref] {
			return nil
		}
		return CheckFile(p.ctx, p.files, ref, at, p.bad)
	})
}

// CheckFile notes in bad when ref is not a file that find knows.
func CheckFile(ctx context.Context, find func(ctx context.Context, id string) (*FileRef, error), ref FileRef, at string, bad *fault.Fault) error {
	got, err := find(ctx, ref.ID)
	if err != nil {
		return err
	}
	if got == nil || got.Size != ref.Size || got.Media != ref.Media || !cleanName(ref.Name) {
		bad.With(at, "须为您自己上传文件后返回的对象", "must be what storing the file returned to you")
	}
	return nil
}

// cleanName accepts UTF-8 of at most 255 bytes without control characters.
func cleanName(s string) bool {
	return utf8.ValidString(s) && len(s) <= 255 && !strings.ContainsFunc(s, unicode.IsControl)
}

// eachFile calls fn for every file in a value, and in lists within it, with its
// path, until fn fails.
func eachFile(v any, path string, fn func(ref FileRef, at string) error) error {
	switch v := v.(type) {
	case []FileRef:
		for i, ref := range v {
			if err := fn(ref, fmt.Sprintf("%s.%d", path, i)); err != nil {
				return err
			}
		}
	case []map[string]any:
		for i, item := range v {
			for name, sub := range item {
				if err := eachFile(sub, fmt.Sprintf("%s.%d.%s", path, i, name), fn); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// fileKind keeps a list of files, also when the field holds only one.
type fileKind struct{}

func (fileKind) columns(f *Field) []column { return []column{{f.Name, sqlText}} }

func (fileKind) decode(f *Field, v any, path string, bad *fault.Fault) any {
	items, ok := v.([]any)
	if !ok {
		items = []any{v}
	}
	if !f.Many && len(items) > 1 {
		return notA(bad, path, "一个文件", "one file")
	}
	if !withinMax(f, len(items), path, bad) {
		return nil
	}
	out := make([]FileRef, 0, len(items))
	for i, item := range items {
		at := fmt.Sprintf("%s.%d", path, i)
		ref, err := decodeFile(item)
		if err != nil {
			return notA(bad, at, "上传文件后返回的对象", "the object that uploading the file returned")
		}
		if len(f.Accept) > 0 && !slices.Contains(f.Accept, ref.Media) {
			return notA(bad, at, fmt.Sprintf("以下类型之一：%v", f.Accept), fmt.Sprintf("one of %v", f.Accept))
		}
		out = append(out, ref)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func decodeFile(v any) (FileRef, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return FileRef{}, err
	}
	var ref FileRef
	if err := json.Unmarshal(b, &ref); err != nil {
		return FileRef{}, err
	}
	if len(ref.ID) != 64 || len(ref.Name) > 255 || ref.Size < 0 || len(ref.Media) > 100 {
		return FileRef{}, fmt.Errorf("not a stored file")
	}
	return ref, nil
}

func (fileKind) bind(dst []any, _ *Field, v any) []any {
	if v == nil {
		return append(dst, nil)
	}
	return append(dst, string(appendAny(nil, v)))
}

func (fileKind) load(f *Field, cols []any) (any, error) {
	if cols[0] == nil {
		return nil, nil
	}
	s, err := asString(f, cols[0])
	if err != nil {
		return nil, err
	}
	var out []FileRef
	if err := json.Unmarshal([]byte(s), &out); err != nil {
		return nil, fmt.Errorf("field %s: %w", f.Name, err)
	}
	return out, nil
}

func (fileKind) appendJSON(dst []byte, _ *Field, v any) []byte { return appendAny(dst, v) }
func (fileKind) ruleType(*Field) rule.Type                     { return rule.ListOf(rule.String) }

// ruleValue gives the files' ids.
func (fileKind) ruleValue(_ *Field, v any) any {
	refs := v.([]FileRef)
	ids := make([]string, len(refs))
	for i, r := range refs {
		ids[i] = r.ID
	}
	return ids
}

func (fileKind) fromRule(f *Field, v any) (any, error) { return nil, wrongResult(f, v) }

func (fileKind) parse(f *Field, _ string) (any, error) {
	return nil, fmt.Errorf("field %s: a file has no textual form", f.Name)
}
