package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"realtimelab/internal/certificate"
	"realtimelab/internal/lang"
)

// caDir returns the folder of the lab's CA: realtimelab in the user's folder for configuration.
func caDir() (string, error) {
	config, err := os.UserConfigDir()
	if err != nil {
		return "", lang.Errorf("no folder to keep the CA in: %w; name one with --dir",
			"没有存放 CA 的文件夹：%w；请用 --dir 指定一个", err)
	}
	return filepath.Join(config, "realtimelab"), nil
}

func caCommand(l lang.Lang) *cobra.Command {
	var dir, language string
	var remove bool
	c := &cobra.Command{
		Use:   "ca",
		Short: "Make the lab's certificate authority (CA) once, and print how to trust it",
		Long:  caHelp.In(l),
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			asked, err := parseLang(language)
			if err != nil {
				return err
			}
			if dir == "" {
				if dir, err = caDir(); err != nil {
					return err
				}
			}
			l := cmp.Or(asked, environmentLang())
			if remove {
				return removeCA(c.OutOrStdout(), dir, l)
			}
			return showCA(c.OutOrStdout(), dir, l)
		},
	}
	c.Flags().StringVar(&dir, "dir", "",
		"folder of the CA (default: realtimelab in your folder for configuration)")
	c.Flags().BoolVar(&remove, "remove", false, "delete the CA and its key from this machine")
	c.Flags().StringVar(&language, "lang", "", "en or zh")
	return c
}

// showCA prints the CA. It makes one first if the folder is empty.
func showCA(out io.Writer, dir string, language lang.Lang) error {
	authority, err := certificate.LoadAuthority(dir)
	made := errors.Is(err, fs.ErrNotExist)
	if made {
		if authority, err = certificate.NewAuthority(); err == nil {
			err = authority.Save(dir)
		}
	}
	if err != nil {
		return err
	}
	if made {
		fmt.Fprintln(out, lang.Text{EN: "The lab has made a certificate authority (CA).",
			ZH: "实验室生成了一个证书颁发机构（CA）。"}.In(language))
	}
	file := filepath.Join(dir, certificate.AuthorityFile)
	fmt.Fprintf(out, caText.In(language), file, authority.Fingerprint(),
		authority.Certificate.NotAfter.Format("2006-01-02"), file)
	return nil
}

func removeCA(out io.Writer, dir string, language lang.Lang) error {
	err := certificate.RemoveAuthority(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return lang.Errorf("there is no CA in %s",
			"%s 里没有 CA", dir)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, lang.Text{
		EN: "The CA in %s is deleted. Remove it from the systems and " +
			"browsers that trust it, too.\n",
		ZH: "%s 里的 CA 已删除。请把它从信任它的系统和浏览器里也移除。\n",
	}.In(language), dir)
	return nil
}

// caText has the places of the file, the fingerprint, the end of its validity, and the file again.
var caText = lang.Text{
	EN: `Certificate  %s
SHA-256      %s
Valid until  %s, for this machine and local networks only

Nothing trusts it yet. Serve with it:

  lab run sse --tls --ca

Below, ca.pem stands for %s.
After each import, compare the fingerprint that the system shows with the one above.

Chromium on Linux (certutil is in the package libnss3-tools)
  trust   certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n real-time-lab -i ca.pem
  remove  certutil -d sql:$HOME/.pki/nssdb -D -n real-time-lab
Firefox, on every system
  trust   Settings → Privacy & Security → View Certificates → Authorities → Import
  remove  the same list → Delete or Distrust
Debian and Ubuntu (curl, Go, Python)
  trust   sudo cp ca.pem /usr/local/share/ca-certificates/real-time-lab.crt && sudo update-ca-certificates
  remove  sudo rm /usr/local/share/ca-certificates/real-time-lab.crt && sudo update-ca-certificates --fresh
Fedora and its relatives
  trust   sudo trust anchor --store ca.pem
  remove  sudo trust anchor --remove ca.pem
macOS (Safari, Chrome, curl)
  trust   security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db ca.pem
  remove  security remove-trusted-cert ca.pem
Windows (Edge, Chrome)
  trust   certutil -user -addstore Root ca.pem
  remove  certmgr.msc → Trusted Root Certification Authorities → delete "Real-time lab CA"
Android
  trust   Settings → Security → Encryption & credentials → Install a certificate → CA certificate
  remove  the same page → User credentials
iPhone and iPad
  trust   open ca.pem, install the profile, then Settings → General → About → Certificate Trust Settings
  remove  Settings → General → VPN & Device Management
One program only
  curl    curl --cacert ca.pem https://localhost:3000/
  Node    NODE_EXTRA_CA_CERTS=ca.pem node client.mjs

Delete the CA itself with: lab ca --remove
`,
	ZH: `证书      %s
SHA-256   %s
有效期至  %s，只能用于本机和局域网

现在还没有任何程序信任它。用它来启动：

  lab run sse --tls --ca

下面用 ca.pem 代表 %s。
每次导入之后，都请核对系统显示的指纹与上面的是否一致。

Linux 上的 Chromium（certutil 在软件包 libnss3-tools 里）
  信任  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n real-time-lab -i ca.pem
  移除  certutil -d sql:$HOME/.pki/nssdb -D -n real-time-lab
Firefox（所有系统）
  信任  设置 → 隐私与安全 → 查看证书 → 证书颁发机构 → 导入
  移除  同一个列表 → 删除或不信任
Debian 和 Ubuntu（curl、Go、Python）
  信任  sudo cp ca.pem /usr/local/share/ca-certificates/real-time-lab.crt && sudo update-ca-certificates
  移除  sudo rm /usr/local/share/ca-certificates/real-time-lab.crt && sudo update-ca-certificates --fresh
Fedora 系列
  信任  sudo trust anchor --store ca.pem
  移除  sudo trust anchor --remove ca.pem
macOS（Safari、Chrome、curl）
  信任  security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db ca.pem
  移除  security remove-trusted-cert ca.pem
Windows（Edge、Chrome）
  信任  certutil -user -addstore Root ca.pem
  移除  certmgr.msc → 受信任的根证书颁发机构 → 删除“Real-time lab CA”
Android
  信任  设置 → 安全 → 加密与凭据 → 安装证书 → CA 证书
  移除  同一页面 → 用户凭据
iPhone 和 iPad
  信任  打开 ca.pem，安装描述文件，再到 设置 → 通用 → 关于本机 → 证书信任设置 里启用
  移除  设置 → 通用 → VPN 与设备管理
只给一个程序用
  curl  curl --cacert ca.pem https://localhost:3000/
  Node  NODE_EXTRA_CA_CERTS=ca.pem node client.mjs

删除 CA 本身：lab ca --remove
`,
}

// caHelp explains lab ca.
var caHelp = lang.Text{
	EN: `Makes a CA on this machine, if there is none yet, and prints where it is, its
fingerprint, and how to make each system and browser trust it, and how to undo that.
Then lab run DEMO --tls --ca serves https without a warning.

The private key stays in your folder for configuration, readable for you alone. The CA can
vouch for this machine and for local networks only, not for sites on the internet. The lab
never installs it anywhere: you do, and you can remove it.`,
	ZH: `如果还没有 CA，就在本机创建一个，然后打印它在哪里、它的指纹、怎样让各种系统和浏览器信任它，以及怎样撤销。
之后 lab run DEMO --tls --ca 提供的 https 就没有警告了。

私钥留在你的配置文件夹里，只有你能读取。这个 CA 只能为本机和局域网担保，不能为互联网上的网站担保。
实验室从不把它装到任何地方：由你安装，也由你移除。`,
}
