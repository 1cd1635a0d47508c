package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"

	"github.com/spf13/cobra"

	"realtimelab/internal/certificate"
	"realtimelab/internal/connectproxy"
	"realtimelab/internal/host"
	"realtimelab/internal/lang"
)

// tunnelOptions holds the flags of `lab tunnel`.
type tunnelOptions struct {
	addr               string
	addrByHand         bool
	inspect, noUpgrade bool
	json               bool
	stdout, log        io.Writer
}

func tunnelCommand(l lang.Lang) *cobra.Command {
	var o tunnelOptions
	c := &cobra.Command{
		Use:   "tunnel",
		Short: "Run a forward proxy as companies have them: it tunnels TLS, or opens it",
		Long:  tunnelHelp.In(l),
		Example: "  lab run ws-echo --tls --ca\n  lab tunnel\n  curl --proxy " +
			"http://127.0.0.1:3200 --cacert ca.pem https://localhost:3000/lab/info.json",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.addrByHand = c.Flags().Changed("addr")
			o.stdout, o.log = c.OutOrStdout(), c.ErrOrStderr()
			if o.noUpgrade && !o.inspect {
				return usagef(
					"--no-upgrade needs --inspect: a proxy that tunnels "+
						"cannot see the header Upgrade",
					"--no-upgrade 需要 --inspect：只建隧道的代理看不到 Upgrade 头")
			}
			return o.run(c.Context())
		},
	}
	c.Flags().StringVar(&o.addr, "addr", "127.0.0.1:3200",
		"address for your client; if the default port is taken, the next "+
			"free one is used; port 0 picks any")
	c.Flags().BoolVar(&o.inspect, "inspect", false,
		"end TLS with certificates of the lab's CA, and read every request")
	c.Flags().BoolVar(&o.noUpgrade, "no-upgrade", false,
		"with --inspect: drop the header Upgrade, as proxies without WebSocket do")
	c.Flags().BoolVar(&o.json, "json", false, "print the address as JSON")
	return c
}

func (o tunnelOptions) run(ctx context.Context) error {
	hostname, _, err := net.SplitHostPort(o.addr)
	if err != nil {
		return usagef("--addr %q: want HOST:PORT",
			"--addr %q：应为 HOST:PORT", o.addr)
	}
	if ip := net.ParseIP(hostname); hostname != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usagef(
			"--addr %s: the proxy serves this machine only: want a "+
				"loopback address such as 127.0.0.1:3200",
			"--addr %s：这个代理只服务本机：应为环回地址，例如 127.0.0.1:3200", o.addr)
	}
	logs := newSpool(o.log)
	defer logs.close()
	c := connectproxy.Config{NoUpgrade: o.noUpgrade, Log: newLog(logs)}
	if o.inspect {
		dir, err := caDir()
		if err != nil {
			return err
		}
		if c.Authority, err = loadCA(dir); err != nil {
			return err
		}
		c.Roots = c.Authority.Pool() // the lab's servers have certificates of it, too
	}
	near := runOptions{addr: o.addr, addrByHand: o.addrByHand, log: o.log}
	if c.Listener, err = near.listen(0); err != nil {
		return err
	}
	proxy := connectproxy.Start(c)
	url := "http://" + c.Listener.Addr().String()
	if o.json {
		json.NewEncoder(o.stdout).Encode(map[string]string{"tunnel": url})
	} else {
		fmt.Fprintf(o.stdout, "tunnel\t%s\n", url)
	}
	<-ctx.Done()
	closing, cancel := context.WithTimeout(context.Background(), host.CloseTime)
	defer cancel()
	return proxy.Close(closing)
}

// loadCA loads the lab's CA, or says how to make it.
func loadCA(dir string) (*certificate.Authority, error) {
	authority, err := certificate.LoadAuthority(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, lang.Errorf("there is no CA in %s yet: make it with lab ca",
			"%s 里还没有 CA：请用 lab ca 创建", dir)
	}
	return authority, err
}

// tunnelHelp explains lab tunnel.
var tunnelHelp = lang.Text{
	EN: `Serves a forward proxy for servers on this machine, until Ctrl-C. Its first line is
"tunnel<TAB>URL", the address for your client. It logs a line for each tunnel, and for each
request that it can read.

Without --inspect it copies the bytes of TLS and can read none of them. With --inspect it ends
TLS itself with a certificate of the lab's CA (lab ca), as many companies do with a CA that
their machines trust.`,
	ZH: `为本机的服务器运行一个正向代理，按 Ctrl-C 结束。第一行是 "tunnel<TAB>URL"，即供你的客户端使用的地址。
每条隧道、每个读得到的请求，日志里各有一行。

没有 --inspect 时，它只转发 TLS 的字节，读不到内容。用 --inspect 时，它用实验室 CA（lab ca）的证书自己
终结 TLS；许多公司就是这样做的，公司的机器信任公司的 CA。`,
}
