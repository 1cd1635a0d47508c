package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"realtimelab/internal/lang"
	"realtimelab/internal/relay"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/capture"
	xrayweb "realtimelab/internal/xray/web"
)

// xrayAddr is the default of --addr: the address at which clients reach an x-ray.
const xrayAddr = "127.0.0.1:3100"

// xrayOptions holds the flags of `lab xray`.
type xrayOptions struct {
	to, addr, page, lang string
	allowHosts           []string
	plain, open          bool
	insecure             bool
	addrByHand           bool
	rows                 rowFlags
	choice               rowChoice
	save                 saveFlag
	stdout, log          io.Writer
}

func xrayCommand(l lang.Lang) *cobra.Command {
	o := &xrayOptions{}
	c := &cobra.Command{
		Use:   "xray --to URL",
		Short: "Put the x-ray in front of any server, or open a capture",
		Long:  xrayHelp.In(l) + "\n\n" + filterHelp.In(l),
		Example: "  lab xray --to http://127.0.0.1:8080\n  lab xray --to wss://example.org/chat " +
			"--plain --filter 'layer:ws -ping'\n  lab xray --to redis://127.0.0.1:6379 --addr " +
			"127.0.0.1:6380\n  lab xray --to http://127.0.0.1:8080 --save " +
			"bug.pcapng\n  lab xray open bug.pcapng",
		Args: onlyFlagTo,
		RunE: func(c *cobra.Command, _ []string) error {
			o.addrByHand = c.Flags().Changed("addr")
			o.stdout, o.log = c.OutOrStdout(), c.ErrOrStderr()
			return o.run(c.Context())
		},
	}
	c.Flags().StringVar(&o.to, "to", "",
		"URL of the server, with http, ws, https, wss, redis or rediss (required)")
	c.Flags().StringVar(&o.addr, "addr", xrayAddr,
		"address for your client; if the default port is taken, the next "+
			"free one is used; port 0 picks any")
	c.Flags().BoolVar(&o.insecure, "insecure", false, "take any certificate of the server")
	o.addPage(c)
	addAllowHost(c, &o.allowHosts)
	o.save.add(c)
	c.MarkFlagRequired("to")
	c.AddCommand(xrayOpenCommand(l))
	return c
}

// onlyFlagTo refuses arguments. A URL among them was meant for --to.
func onlyFlagTo(c *cobra.Command, given []string) error {
	if len(given) == 1 && !c.Flags().Changed("to") {
		if _, err := parseTarget(given[0], false); err == nil {
			return lang.Errorf("--to is missing; did you mean: lab xray --to %s",
				"缺少 --to；你是想输入：lab xray --to %s", given[0])
		}
	}
	return cobra.NoArgs(c, given)
}

// addPage adds the flags of the page and the rows.
func (o *xrayOptions) addPage(c *cobra.Command) {
	c.Flags().StringVar(&o.page, "page", "",
		"address of the page; port 0 picks any (default: a port on "+
			"127.0.0.1 that is the same from run to run)")
	c.Flags().StringVar(&o.lang, "lang", "", "en or zh")
	c.Flags().BoolVar(&o.plain, "plain", false, "print the rows on stdout, one per line")
	c.Flags().BoolVar(&o.open, "open", false, "open the page in the browser")
	o.rows.add(c)
}

// run carries connections until ctx ends.
func (o *xrayOptions) run(ctx context.Context) (err error) {
	language, err := parseLang(o.lang)
	if err != nil {
		return err
	}
	if o.choice, err = o.rows.parse(); err != nil {
		return err
	}
	if err = o.save.check(); err != nil {
		return err
	}
	target, err := parseTarget(o.to, o.insecure)
	if err != nil {
		return usageError{fmt.Errorf("--to: %w", err)}
	}
	defer func() { o.save.tell(o.log, cmp.Or(language, environmentLang())) }()
	if o.onScreen() {
		language = cmp.Or(language, environmentLang())
		return xrayScreens(ctx, language, o.onScreens(ctx, language, target))
	}
	logs := newSpool(o.log)
	defer logs.close()
	front, err := o.start(ctx, language, target, logs)
	if err != nil {
		return err
	}
	for _, note := range front.notes {
		fmt.Fprintln(o.log, "lab:", note.In(cmp.Or(language, environmentLang())))
	}
	o.announce("xray", front.at, front.page.url)
	var printing sync.WaitGroup
	if o.lines() || o.rows.json {
		printer := rowPrinter{out: o.stdout, notes: logs, lang: cmp.Or(language, environmentLang()),
			json: o.rows.json, heads: onTerminal(o.stdout), choice: o.choice}
		printing.Go(func() { printer.print(context.WithoutCancel(ctx), front.xray) })
	}
	<-ctx.Done()
	err = front.close(context.Background())
	waitFor(&printing)
	return err
}

// xrayFront is an x-ray in front of a server.
type xrayFront struct {
	xray    *xray.Xray
	carried *relay.Relay
	page    *xrayPage
	at      string      // the URL for clients
	notes   []lang.Text // what the reader should know of the addresses and the server
	save    *saveFlag
	saver   *capture.Saver
}

// start puts the x-ray in front of the target until close is called.
func (o *xrayOptions) start(ctx context.Context, language lang.Lang, target target,
	logs io.Writer) (*xrayFront, error) {
	near := runOptions{addr: o.addr, addrByHand: o.addrByHand, log: o.log}
	listener, err := near.listen(0)
	if err != nil {
		return nil, err
	}
	pages, note, err := listenPage(o.page, target.url.Redacted())
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	unreachable, err := target.check(ctx)
	if err != nil {
		return nil, errors.Join(err, listener.Close(), pages.Close())
	}
	f := &xrayFront{save: &o.save}
	log := newLog(logs)
	var wireLimits tap.Config
	var limits xray.Config
	if o.save.path != "" {
		wireLimits, limits = capture.Held()
	}
	wire := tap.New(wireLimits)
	f.xray = xray.New(wire, limits)
	if f.saver, err = o.save.begin(f.xray, "http"); err != nil {
		f.xray.Close()
		return nil, errors.Join(err, listener.Close(), pages.Close())
	}
	f.at = near.urlOf(listener.Addr().(*net.TCPAddr)) + target.prefix()
	shown := xrayweb.Page{Lang: language, Target: target.url.Redacted(), Proxy: f.at}
	if f.page, err = servePage(pages, f.xray, shown, o.page, o.allowHosts, log); err != nil {
		f.xray.Close()
		return nil, errors.Join(err, listener.Close(), f.save.finish(f.saver))
	}
	for _, n := range []lang.Text{near.portNote(0, listener.Addr().(*net.TCPAddr)), note,
		unreachable} {
		if n != (lang.Text{}) {
			f.notes = append(f.notes, n)
		}
	}
	f.carried = relay.Start(relay.Config{Listener: wire.Listener(listener), Dial: target.connect,
		Log: log.With("target", target.url.Redacted())})
	return f, nil
}

// close ends all connections, the page and the x-ray, and saves the traffic.
func (f *xrayFront) close(ctx context.Context) error {
	err := errors.Join(f.carried.Close(), f.page.close(ctx))
	last, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err = errors.Join(err, f.xray.Sync(last)) // connection ends are rows too
	f.xray.Close()
	return errors.Join(err, f.save.finish(f.saver))
}

// lines reports whether the rows are printed as lines.
func (o *xrayOptions) lines() bool {
	return o.plain || !onTerminal(o.stdout)
}

// onScreen reports whether the x-ray has the screens of the terminal.
func (o *xrayOptions) onScreen() bool {
	return !o.plain && !o.rows.json && o.choice.all() && inTerminal(o.stdout)
}

// announce prints what is shown, a server's new URL or a file, and the page's URL.
func (o *xrayOptions) announce(what, of, page string) {
	if o.rows.json {
		json.NewEncoder(o.stdout).Encode(map[string]string{what: of, "page": page})
	} else {
		fmt.Fprintf(o.stdout, "%s\t%s\npage\t%s\n", what, of, page)
	}
	o.openPage(page)
}

// xrayHelp explains lab xray.
var xrayHelp = lang.Text{
	EN: `Carries connections to a server of yours, byte for byte, and shows what crosses: on
a page, on the screens of the terminal, and with --plain or --json on standard output. lab
xray open FILE shows a capture instead.

Point your client at http://127.0.0.1:3100 (--addr) instead of the server's address: in the
URL that it connects to, in its configuration, or in the address bar for a page that the
server serves. Only what takes that way is seen.

With --plain, --json, or without a terminal, its first two lines are "xray<TAB>URL", the
address for your client, and "page<TAB>URL". A path of the URL is in the address for your
client, too. It reads HTTP/1.1, WebSocket and the protocol of Redis; with https://, wss:// or
rediss:// it speaks TLS to the server, and your client speaks plain text to it.

--plain prints a line per row, without headers. --json has everything: the fields of a row,
such as the headers of an http row, and its bytes in base64. With jq:

  lab xray --to URL --json | jq -r 'select(.layer == "http") | .summary.en,
    (.fields[] | select(.value) | "  \(.name): \(.value)")'

The bytes pass unchanged, Host and Origin included: your server decides which hosts and
origins it answers to, as it does without the x-ray. The x-ray's page answers only to its
own, and to --allow-host. Its port is the same from run to run.`,
	ZH: `把连接逐字节转发给你自己的服务器，并显示线路上的内容：在页面上、在终端界面里，用 --plain 或 --json 时在
标准输出上。要看抓包文件，用 lab xray open FILE。

让你的客户端连接 http://127.0.0.1:3100（--addr），而不是服务器的地址：改客户端连接的 URL、它的配置，
服务器提供的页面则改浏览器的地址栏。只有经过这里的流量才看得到。

用 --plain、--json 或者不在终端里时，前两行是 "xray<TAB>URL"（供你的客户端使用的地址）和
"page<TAB>URL"。URL 里的路径也在供客户端使用的地址里。它读 HTTP/1.1、WebSocket 和 Redis 的协议；
写 https://、wss:// 或 rediss:// 时，它与服务器之间用 TLS，你的客户端与它之间用明文。

--plain 每条记录打印一行，不含头部。--json 包含一切：一行的字段（例如 http 行的头部），以及 base64 的
字节。配合 jq：

  lab xray --to URL --json | jq -r 'select(.layer == "http") | .summary.zh,
    (.fields[] | select(.value) | "  \(.name): \(.value)")'

字节原样通过，包括 Host 和 Origin：接受哪些主机和源，仍由你的服务器决定，与没有线路透视时相同。
线路透视的页面只接受自己的主机名和 --allow-host 给出的主机名。它的端口每次运行都相同。`,
}
