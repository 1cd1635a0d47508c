package main

import (
	"cmp"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"realtimelab/internal/certificate"
	"realtimelab/internal/lang"
)

// tlsFlags are the flags of commands that can serve https.
type tlsFlags struct {
	on, ca            bool
	certFile, keyFile string
}

func (f *tlsFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.on, "tls", false,
		"serve https, wss and HTTP/2 with a certificate made at start; "+
			"browsers warn, because they do not know it")
	c.Flags().BoolVar(&f.ca, "ca", false,
		"serve https with a certificate of the lab's CA, which lab ca "+
			"makes: no warning where it is trusted")
	c.Flags().StringVar(&f.certFile, "cert", "",
		"serve https with the certificate in this PEM file instead; needs --key")
	c.Flags().StringVar(&f.keyFile, "key", "", "PEM file with the private key of --cert")
}

// certificate returns the certificate to serve with, and nil without the flags.
func (f tlsFlags) certificate(names []string) (*tls.Certificate, error) {
	switch {
	case f.ca && (f.certFile != "" || f.keyFile != ""):
		return nil, usagef("--ca makes a certificate, and --cert names one: give one of the two",
			"--ca 会签发证书，--cert 给出现成的证书：请只用一个")
	case f.ca:
		dir, err := caDir()
		if err != nil {
			return nil, err
		}
		authority, err := loadCA(dir)
		if err != nil {
			return nil, err
		}
		made, err := authority.Issue(names...)
		return &made, err
	case f.certFile == "" && f.keyFile == "":
		if !f.on {
			return nil, nil
		}
		made, err := certificate.Make(names...)
		return &made, err
	case f.keyFile == "":
		return nil, usagef("--cert needs --key: the PEM file with the certificate's private key",
			"--cert 需要 --key：证书对应私钥的 PEM 文件")
	case f.certFile == "":
		return nil, usagef("--key needs --cert: the PEM file with the certificate",
			"--key 需要 --cert：证书的 PEM 文件")
	}
	loaded, err := tls.LoadX509KeyPair(f.certFile, f.keyFile)
	if err != nil && encrypted(f.keyFile) {
		return nil, lang.Errorf(
			"--key %s is encrypted, and the lab does not ask for its passphrase; decrypt it "+
				"first: openssl pkey -in %[1]s -out plain.pem",
			"--key %s 是加密的，实验室不会询问密码；请先解密：openssl "+
				"pkey -in %[1]s -out plain.pem", f.keyFile)
	}
	if err != nil {
		return nil, lang.Errorf("cannot serve with --cert %s and --key %s: %w",
			"无法使用 --cert %s 和 --key %s：%w", f.certFile,
			f.keyFile, err)
	}
	return &loaded, nil
}

// encrypted reports whether a PEM file has a private key that is encrypted.
func encrypted(keyFile string) bool {
	rest, err := os.ReadFile(keyFile)
	if err != nil {
		return false
	}
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return false
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" ||
			strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return true
		}
	}
}

// secure loads or makes the certificate. Call it before anything listens.
func (o *runOptions) secure() error {
	c, err := o.tlsFlags.certificate(o.names())
	if c == nil || err != nil {
		return err
	}
	o.tls = &tls.Config{Certificates: []tls.Certificate{*c}}
	return nil
}

// names returns the names and addresses that clients may open the lab at, except loopback.
func (o runOptions) names() []string {
	all := hosts(o.addr, o.allowHosts)
	hostname, _, _ := net.SplitHostPort(o.addr)
	addr, err := netip.ParseAddr(hostname)
	if everywhere := o.lan && !o.addrByHand || hostname == "" ||
		err == nil && addr.IsUnspecified(); !everywhere {
		return all
	}
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok {
			all = append(all, ip.IP.String())
		}
	}
	return all
}

// certificateNote returns a text with the fingerprint of the certificate, and "" without TLS.
func (o runOptions) certificateNote() lang.Text {
	if o.tls == nil {
		return lang.Text{}
	}
	fingerprint := certificate.Fingerprint(o.tls.Certificates[0])
	return lang.Text{
		EN: "SHA-256 of the certificate: " + fingerprint,
		ZH: "证书的 SHA-256 指纹：" + fingerprint,
	}
}

// noteCertificate logs the fingerprint of the certificate, to compare with what a browser shows.
func (o runOptions) noteCertificate() {
	if note := o.certificateNote(); note != (lang.Text{}) {
		fmt.Fprintln(o.log, "lab:", note.In(cmp.Or(lang.Lang(o.lang), environmentLang())))
	}
}

// scheme returns the scheme of the lab's URLs.
func (o runOptions) scheme() string {
	if o.tls != nil {
		return "https"
	}
	return "http"
}
