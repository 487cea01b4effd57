package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile is the most bytes a settings file may have.
const maxFile = 1 << 20

// entry is one key of a settings file.
type entry struct {
	name, text string
	line       int
}

// mistake is one thing wrong, with its place: "--port", "CHENGSHU_PORT",
// "city.yaml:12".
type mistake struct{ place, zh, en string }

func readFile(path string) ([]entry, []mistake) {
	f, err := os.Open(path)
	if err != nil {
		return nil, []mistake{{path, "无法打开配置文件", "cannot be opened: " + err.Error()}}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, []mistake{{path, "无法读取配置文件", "cannot be read: " + err.Error()}}
	}
	if len(text) > maxFile {
		return nil, []mistake{{path, "配置文件超过 1 MiB", "is larger than 1 MiB"}}
	}
	return parseFile(path, text)
}

// parseFile reads one YAML mapping of names to plain values or lists of them.
func parseFile(path string, text []byte) ([]entry, []mistake) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil // An empty file sets nothing.
	case err != nil:
		return nil, []mistake{{path, "不是有效的 YAML", strings.TrimPrefix(err.Error(), "yaml: ")}}
	}
	if dec.Decode(&second) != io.EOF {
		return nil, []mistake{{path, "文件中只能有一个 YAML 文档", "holds more than one YAML document"}}
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, []mistake{at(path, root, "应为“名称: 值”的列表", "want a mapping of names to values")}
	}
	return entries(path, root)
}

func at(path string, n *yaml.Node, zh, en string) mistake {
	return mistake{fmt.Sprintf("%s:%d", path, n.Line), zh, en}
}

func entries(path string, root *yaml.Node) (out []entry, wrong []mistake) {
	first := map[string]int{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		k, v := root.Content[i], root.Content[i+1]
		if line, ok := first[k.Value]; ok {
			wrong = append(wrong, at(path, k, fmt.Sprintf("%s 已在第 %d 行设置", k.Value, line),
				fmt.Sprintf("%s is already set in line %d", k.Value, line)))
			continue
		}
		first[k.Value] = k.Line
		text, ok := plain(v)
		if k.Kind != yaml.ScalarNode || !ok {
			wrong = append(wrong, at(path, v, k.Value+" 应为单个值或列表", k.Value+" must be a plain value or a list of them"))
			continue
		}
		out = append(out, entry{k.Value, text, k.Line})
	}
	return out, wrong
}

// plain returns a scalar as it is written, or a list of scalars with commas.
func plain(n *yaml.Node) (string, bool) {
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return "", true
		}
		return n.Value, true
	case yaml.SequenceNode:
		items := make([]string, len(n.Content))
		for i, c := range n.Content {
			if c.Kind != yaml.ScalarNode || strings.Contains(c.Value, ",") {
				return "", false
			}
			items[i] = c.Value
		}
		return strings.Join(items, ","), true
	}
	return "", false
}
