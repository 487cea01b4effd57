package server

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"chengshu/kernel/config"
	"chengshu/pack"
)

const verifyUsage = `用法 / usage: chengshu verify --key VKEY [--sm2-key VKEY] [--witness VKEY] [--json] FILE
  --key VKEY
        日志的 Ed25519 公钥，须来自证据包之外（城市自己的公布；GET /api/evidence 中 keys 的第一个）
        the log's Ed25519 key, from outside the bundle (the city's own publication; the first of keys in GET /api/evidence)
  --sm2-key VKEY
        日志的 SM2 公钥（keys 的第二个），可不给
        the log's SM2 key (the second of keys), if wanted
  --witness VKEY
        见证方的公钥，可多次给出
        a witness's public key, as often as needed
  --json
        以 JSON 输出
        print JSON
`

func asksHelp(args []string) bool {
	return slices.Contains(args, "-h") || slices.Contains(args, "--help")
}

// help prints what a command takes, and reports whether there is such a command.
func help(w io.Writer, command string) bool {
	switch command {
	case "serve", "config":
		settings(w, command, &Config{})
	case "account", "client":
		settings(w, command, &accountConfig{})
	case "verify":
		fmt.Fprint(w, verifyUsage)
	case "packs", "pack", "scenario":
		pack.Main(context.Background(), nil, w, w, pack.Env{})
	default:
		return false
	}
	return true
}

// settings prints a command's line of the usage and its flags.
func settings(w io.Writer, command string, cfg any) {
	for line := range strings.Lines(usage) {
		if strings.HasPrefix(line, "  chengshu "+command+" ") {
			fmt.Fprint(w, line)
		}
	}
	fmt.Fprint(w, `
每项也可写在环境变量 CHENGSHU_… 中（如 CHENGSHU_DATA），或 --config 文件中
each may also stand in the environment as CHENGSHU_… (CHENGSHU_DATA), or in the file of --config

`)
	_ = config.Usage(w, cfg) // what cannot be printed cannot be complained of either
}
