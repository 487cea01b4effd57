package server

import (
	"time"

	"chengshu/kernel/config"
)

// Config is every setting of the program. See `chengshu config`.
type Config struct {
	Listen         string        `name:"listen" default:"127.0.0.1:8080" zh:"监听地址" en:"address to listen on"`
	Data           string        `name:"data" default:"data" zh:"数据文件夹" en:"folder for data"`
	DB             string        `name:"db" secret:"url" zh:"数据库：sqlite:路径 或 postgres://…；空为数据文件夹中的 SQLite" en:"database: sqlite:PATH or postgres://…; empty: SQLite in the data folder"`
	Packs          string        `name:"packs" zh:"另加的包文件夹" en:"folder of further packs"`
	Overlay        string        `name:"overlay" zh:"本市覆盖文件夹" en:"folder of the city's overlay"`
	Demo           bool          `name:"demo" zh:"载入示范城市（合成数据与演示账号）" en:"load the demo city: synthetic data and demo accounts"`
	TestClock      string        `name:"test-clock" zh:"以此时刻为准的可拨时钟，仅供场景测试" en:"start a clock at this time that scenarios turn; for tests only"`
	Proxied        bool          `name:"proxied" zh:"位于终结 TLS 的代理之后：Cookie 标记 Secure，来访地址取 X-Forwarded-For 的最后一项" en:"behind a proxy that speaks TLS: cookies are Secure, addresses are the last of X-Forwarded-For"`
	Origin         string        `name:"origin" default:"chengshu.local/log" zh:"证据日志的名称（域名与路径）" en:"name of the evidence log (domain and path)"`
	BlobLimit      config.Size   `name:"blob-limit" default:"20MiB" zh:"单个文件上限" en:"largest file accepted"`
	Connections    []string      `name:"connections" secret:"true" zh:"数据来源可用的数据库连接，逗号分隔：名称=postgres://… 或 名称=user:password@tcp(host:port)/库" en:"databases that sources may pull from, with commas between: NAME=postgres://… or NAME=user:password@tcp(host:port)/database"`
	OutboundHosts  []string      `name:"outbound-hosts" zh:"本程序可向外访问的内部网络主机名（数据来源、推送、联邦节点），逗号分隔" en:"hosts within private networks that may be reached, for sources, pushes and other nodes, with commas between"`
	Upstream       string        `name:"upstream" zh:"上级节点的地址：本节点的数据集版本送往该处；空为没有" en:"address of the node above, to which releases of this one are sent; empty: none"`
	UpstreamKey    string        `name:"upstream-key" secret:"true" zh:"在上级节点的接口密钥（角色 county-node）" en:"key of this node's API client there, of the role county-node"`
	CatalogueKeys  []string      `name:"catalogue-keys" secret:"true" zh:"在其他目录的接口密钥，逗号分隔：名称=密钥" en:"keys at other catalogues, with commas between: NAME=KEY"`
	FileGrace      time.Duration `name:"file-grace" default:"24h" zh:"上传后未被任何记录采用的文件保留多久，0 为一直保留" en:"how long a file is kept that was sent and that no record has taken in; 0 is for ever"`
	KeepBatches    time.Duration `name:"keep-batches" default:"4320h" zh:"检查结果（未采用的行、未发布的批次）保留多久，0 为一直保留" en:"how long what came of a check is kept: rows that were not taken, batches that were not released; 0 is for ever"`
	LogLevel       string        `name:"log-level" default:"info" zh:"日志级别" en:"debug, info, warn or error"`
	LogFormat      string        `name:"log-format" default:"text" zh:"日志格式" en:"text or json"`
	Rate           int           `name:"rate" default:"6000" zh:"每人每分钟请求数上限，0 为不限" en:"requests a minute for each person or address; 0 is no limit"`
	StreamsPerson  int           `name:"streams-person" default:"20" zh:"每人同时打开的实时更新连接上限，0 为不限" en:"event streams open at a time for each person or API client; 0 is no limit"`
	StreamsAddress int           `name:"streams-address" default:"500" zh:"每个来访地址同时打开的实时更新连接上限，0 为不限" en:"event streams open at a time from one address; 0 is no limit"`
	MetricsToken   string        `name:"metrics-token" secret:"true" zh:"读取 /metrics 所需的令牌；空为只许本机读取" en:"token that reading /metrics needs; empty: only this machine may read it"`
	Shutdown       time.Duration `name:"shutdown" default:"10s" zh:"停机等待" en:"how long to wait for requests when stopping"`
}
