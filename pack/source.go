package pack

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"chengshu/core/decl"
)

// Limits on what is read. They are far above any honest pack and keep a
// mistaken folder, such as a home directory, from being swallowed.
const (
	maxFileBytes = 1 << 20  // one declaration file or scenario
	maxDataBytes = 64 << 20 // one data file read whole; Open has no limit
	maxFolders   = 8        // depth of folders in a pack
	maxFiles     = 500      // declaration files in a pack
	maxDocuments = 5000     // documents in a pack
	maxPacks     = 500      // packs in a source
	maxDepth     = 32       // depth of one document
)

// Source is a place where packs lie: a file system whose root holds pack
// folders, or is itself one.
type Source struct {
	// Name stands before file names in messages: "packs", "/etc/chengshu/packs".
	Name string
	FS   fs.FS
	// Overlay lets documents of this source change items of packs that lie in
	// other sources or earlier in this one.
	Overlay bool
}

// Dir returns the source in a folder. Symbolic links that leave the folder are
// not followed. It fails when the folder cannot be opened.
func Dir(name string) (Source, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return Source{}, fmt.Errorf("packs: %w", err)
	}
	return Source{Name: filepath.ToSlash(filepath.Clean(name)), FS: root.FS()}, nil
}

// folder is one pack folder found in a source.
type folder struct {
	fsys   fs.FS  // rooted at the folder
	prefix string // stands before file names in messages
	base   string // the folder's own name; "" when the source itself is the pack
	source int    // index of the source
	over   bool
}

func (f *folder) pos(name string, line int) decl.Pos {
	return decl.Pos{File: path.Join(f.prefix, name), Line: line, Col: 1}
}

// hidden reports whether a file or folder is left out: such names are not meant,
// neither by editors and Git nor by the embedding of packs.
func hidden(name string) bool { return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") }

// folders lists the pack folders of a source in name order.
func folders(s Source, index int, r *decl.Report) []*folder {
	at := decl.Pos{File: s.Name, Line: 1, Col: 1}
	if _, err := fs.Stat(s.FS, manifestName); err == nil {
		return []*folder{{fsys: s.FS, prefix: s.Name, source: index, over: s.Overlay}}
	}
	entries, err := fs.ReadDir(s.FS, ".")
	if err != nil {
		r.Add(at, "无法读取文件夹："+err.Error(), "the folder cannot be read: "+err.Error())
		return nil
	}
	var out []*folder
	for _, e := range entries {
		if hidden(e.Name()) || !isDir(s.FS, e) {
			continue
		}
		out = append(out, &folder{subFS{s.FS, e.Name()}, path.Join(s.Name, e.Name()), e.Name(), index, s.Overlay})
	}
	if len(out) > maxPacks {
		r.Add(at, fmt.Sprintf("有 %d 个文件夹，最多 %d 个；这是放能力包的文件夹吗？", len(out), maxPacks),
			fmt.Sprintf("%d folders, at most %d are read; is this a folder of packs?", len(out), maxPacks))
		return nil
	}
	return out
}

// subFS is a folder of a file system. Unlike that of fs.Sub, its Stat does not
// open the file, which would hang on a pipe.
type subFS struct {
	fs.FS
	dir string
}

func (s subFS) full(op, name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return path.Join(s.dir, name), nil
}

// Open implements fs.FS.
func (s subFS) Open(name string) (fs.File, error) {
	full, err := s.full("open", name)
	if err != nil {
		return nil, err
	}
	return s.FS.Open(full)
}

// Stat implements fs.StatFS.
func (s subFS) Stat(name string) (fs.FileInfo, error) {
	full, err := s.full("stat", name)
	if err != nil {
		return nil, err
	}
	return fs.Stat(s.FS, full)
}

// ReadDir implements fs.ReadDirFS.
func (s subFS) ReadDir(name string) ([]fs.DirEntry, error) {
	full, err := s.full("readdir", name)
	if err != nil {
		return nil, err
	}
	return fs.ReadDir(s.FS, full)
}

func isDir(fsys fs.FS, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := fs.Stat(fsys, e.Name())
	return err == nil && info.IsDir()
}

// list walks a pack folder and returns its declaration files, but for pack.yaml,
// and its scenarios, each in path order.
func (f *folder) list(r *decl.Report) (declarations, scenarios []string) {
	err := fs.WalkDir(f.fsys, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			r.Add(f.pos(name, 1), "无法读取："+err.Error(), "cannot be read: "+err.Error())
			return fs.SkipDir
		}
		if name == "." || name == manifestName {
			return nil
		}
		if e.IsDir() {
			return f.enter(name, r)
		}
		if hidden(e.Name()) {
			return nil
		}
		switch ext := path.Ext(name); {
		case strings.HasPrefix(name, "scenarios/"):
			if ext == ".txt" && f.readable(name, e, r) {
				scenarios = append(scenarios, name)
			}
		case ext == ".yaml":
			if f.readable(name, e, r) {
				declarations = append(declarations, name)
			}
		case strings.EqualFold(ext, ".yml"), strings.EqualFold(ext, ".yaml"):
			r.Add(f.pos(name, 1), "扩展名请写成 .yaml，否则不会读取", "name it .yaml, or it is not read")
		}
		return nil
	})
	if err != nil {
		r.Add(f.pos("", 1), "无法读取文件夹："+err.Error(), "the folder cannot be read: "+err.Error())
	}
	if len(declarations) > maxFiles {
		r.Add(f.pos("", 1), fmt.Sprintf("有 %d 个声明文件，最多 %d 个", len(declarations), maxFiles),
			fmt.Sprintf("%d declaration files, at most %d", len(declarations), maxFiles))
		return nil, nil
	}
	return declarations, scenarios
}

func (f *folder) enter(name string, r *decl.Report) error {
	switch {
	case hidden(path.Base(name)), name == "data":
		return fs.SkipDir
	case strings.Count(name, "/") >= maxFolders:
		r.Add(f.pos(name, 1), fmt.Sprintf("文件夹超过 %d 层", maxFolders), fmt.Sprintf("folders are nested deeper than %d", maxFolders))
		return fs.SkipDir
	}
	return nil
}

// readable refuses what is no regular file, such as a pipe, which would hang
// the reader, and a link that leads out of the source.
func (f *folder) readable(name string, e fs.DirEntry, r *decl.Report) bool {
	if e.Type().IsRegular() {
		return true
	}
	info, err := fs.Stat(f.fsys, name)
	switch {
	case err != nil:
		r.Add(f.pos(name, 1), "链接无法打开；指向文件夹之外的链接不跟随", "the link cannot be opened; links out of the folder are not followed")
	case !info.Mode().IsRegular():
		r.Add(f.pos(name, 1), "不是普通文件；请复制内容", "is not a regular file; copy the content here")
	default:
		return true
	}
	return false
}

var errTooLarge = errors.New("too large")

// readFile reads at most limit bytes, or fails with errTooLarge.
func readFile(fsys fs.FS, name string, limit int) ([]byte, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err == nil && len(b) > limit {
		err = errTooLarge
	}
	return b, err
}

// read returns a declaration file or a scenario, or notes why it cannot.
func (f *folder) read(name string, r *decl.Report) ([]byte, bool) {
	b, err := readFile(f.fsys, name, maxFileBytes)
	switch {
	case errors.Is(err, errTooLarge):
		r.Add(f.pos(name, 1), "文件超过 1 MiB；请拆分，大量数据放在 data/", "the file is over 1 MiB; split it, and keep bulk data in data/")
	case err != nil:
		r.Add(f.pos(name, 1), "无法读取："+err.Error(), "cannot be read: "+err.Error())
	}
	return b, err == nil
}
