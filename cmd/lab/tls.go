package main

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/spf13/cobra"

	"realtimelab/internal/certificate"
	"realtimelab/internal/lang"
)

// tlsFlags are the flags of commands that can serve https.
type tlsFlags struct {
	on                bool
	certFile, keyFile string
}

func (f *tlsFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.on, "tls", false, "serve https, wss and HTTP/2 with a certificate made at start; browsers warn, because they do not know it")
	c.Flags().StringVar(&f.certFile, "cert", "", "serve https with the certificate in this PEM file instead; needs --key")
	c.Flags().StringVar(&f.keyFile, "key", "", "PEM file with the private key of --cert")
}

// certificate returns the certificate to serve with, and nil without the flags.
func (f tlsFlags) certificate(names []string) (*tls.Certificate, error) {
	switch {
	case f.certFile == "" && f.keyFile == "":
		if !f.on {
			return nil, nil
		}
		made, err := certificate.Make(names...)
		return &made, err
	case f.keyFile == "":
		return nil, errors.New("--cert needs --key: the PEM file with the certificate's private key")
	case f.certFile == "":
		return nil, errors.New("--key needs --cert: the PEM file with the certificate")
	}
	loaded, err := tls.LoadX509KeyPair(f.certFile, f.keyFile)
	if err != nil {
		return nil, fmt.Errorf("cannot serve with --cert %s and --key %s: %w", f.certFile, f.keyFile, err)
	}
	return &loaded, nil
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
	if everywhere := o.lan && !o.addrByHand || hostname == "" || err == nil && addr.IsUnspecified(); !everywhere {
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
