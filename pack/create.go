package pack

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"chengshu/core/decl"
)

// template is a small working pack; NAME in it stands for the new name.
//
//go:embed template
var template embed.FS

// create writes a new pack into DIR/name, DIR being ./packs unless given, and
// checks it among the loaded ones. It never writes into a folder that is there.
func (c *command) create(name string, dir []string) int {
	report := &decl.Report{}
	if !checkName(name, decl.Pos{File: name, Line: 1, Col: 1}, report) {
		c.fail(report)
		return exitUsage
	}
	parent := "packs"
	if len(dir) > 0 {
		parent = dir[0]
	}
	folder := filepath.Join(parent, name)
	if err := write(folder, name); err != nil {
		if errors.Is(err, fs.ErrExist) {
			err = fmt.Errorf("%s 已存在，未改动 / %s exists already and was left alone", folder, folder)
		}
		fmt.Fprintln(c.stderr, err)
		return exitProblem
	}
	fmt.Fprintf(c.stdout, "已写入 %s / written to %s\n", folder, folder)
	return c.check([]string{parent})
}

func write(folder, name string) error {
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	root, err := fs.Sub(template, "template")
	if err != nil {
		return err
	}
	return fs.WalkDir(root, ".", func(file string, e fs.DirEntry, err error) error {
		if err != nil || file == "." {
			return err
		}
		to := filepath.Join(folder, filepath.FromSlash(file))
		if e.IsDir() {
			return os.Mkdir(to, 0o755)
		}
		text, err := fs.ReadFile(root, file)
		if err != nil {
			return err
		}
		return os.WriteFile(to, []byte(strings.ReplaceAll(string(text), "NAME", name)), 0o644)
	})
}
