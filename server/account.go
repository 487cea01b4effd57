package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/kernel/clock"
	"chengshu/kernel/config"
	"chengshu/kernel/db"
)

// accountConfig is what the commands account and client can be told. They are
// for whoever has the machine: the first administrator is made so.
type accountConfig struct {
	Data  string   `name:"data" default:"data" zh:"数据文件夹" en:"folder for data"`
	DB    string   `name:"db" secret:"url" zh:"数据库；空为数据文件夹中的 SQLite" en:"database; empty: SQLite in the data folder"`
	Login string   `name:"login" zh:"账号（account）" en:"login name (account)"`
	Name  string   `name:"name" zh:"姓名或系统名称" en:"name of the person or the client"`
	Org   string   `name:"org" zh:"组织编号" en:"id of the organisation"`
	Roles []string `name:"roles" zh:"角色，以逗号分隔" en:"roles, separated by commas"`
	Days  int      `name:"days" default:"365" zh:"密钥有效天数（client）" en:"days the key is valid (client)"`
}

// addAccount makes an account, its password being the first line of stdin, and
// appoints its person when an organisation is named.
func addAccount(args []string, stdin io.Reader, stdout io.Writer) error {
	return withIdentity(args, func(ctx context.Context, cfg accountConfig, _ *db.DB, s *identity.Service) error {
		line, err := bufio.NewReader(io.LimitReader(stdin, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		var posts []identity.NewPost
		if cfg.Org != "" {
			posts = append(posts, identity.NewPost{Org: cfg.Org, Roles: cfg.Roles})
		}
		person, err := s.AddAccount(ctx, identity.NewSystem(),
			identity.NewPerson{Login: cfg.Login, Password: strings.TrimRight(line, "\r\n"), Name: cfg.Name}, posts...)
		if err == nil {
			fmt.Fprintf(stdout, "账号 %s 已建立 / account %s was made (person %s)\n", cfg.Login, cfg.Login, person)
		}
		return err
	})
}

// addClient makes an API client and prints its key, which is shown this once.
func addClient(args []string, stdout io.Writer) error {
	return withIdentity(args, func(ctx context.Context, cfg accountConfig, d *db.DB, s *identity.Service) error {
		var key string
		err := d.Do(ctx, func(tx *db.Tx) error {
			var err error
			_, key, err = s.AddClient(tx, identity.NewSystem(), identity.NewClient{Name: cfg.Name, Org: cfg.Org, Roles: cfg.Roles,
				ExpiresAt: time.Now().AddDate(0, 0, cfg.Days).UnixMilli()})
			return err
		})
		if err == nil {
			fmt.Fprintf(stdout, "%s\n", key)
		}
		return err
	})
}

func withIdentity(args []string, fn func(context.Context, accountConfig, *db.DB, *identity.Service) error) (err error) {
	var cfg accountConfig
	if _, err := config.Load(&cfg, args, os.Environ()); err != nil {
		return err
	}
	ctx := context.Background()
	url := cfg.DB
	if url == "" {
		url = "sqlite:" + filepath.Join(cfg.Data, "chengshu.db")
	}
	d, err := db.Open(ctx, url, db.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := d.Migrate(ctx, append(evidence.Migrations(), identity.Migrations()...)...); err != nil {
		return err
	}
	acts, err := evidence.New(evidence.Deps{DB: d, Clock: clock.System()})
	if err != nil {
		return err
	}
	return fn(ctx, cfg, d, identity.New(identity.Deps{DB: d, Clock: clock.System(), Evidence: acts}))
}
