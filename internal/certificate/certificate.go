// Package certificate makes and loads the certificate of a server that speaks TLS.
package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"slices"
	"strings"
	"time"
)

const (
	// a made certificate is valid from this long ago, for clients whose clocks are behind
	early = 24 * time.Hour
	valid = 30 * 24 * time.Hour // and for this long
)

// Make returns a new self-signed ECDSA certificate. It is valid for localhost, for the loopback
// addresses, and for the names, which may be IP addresses. The key exists in memory only.
func Make(names ...string) (tls.Certificate, error) {
	key, template, err := leaf(names)
	if err != nil {
		return tls.Certificate{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("cannot make a certificate for %s: %w",
			strings.Join(names, ", "), err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// leaf returns a new key and the template of a server's certificate for it.
func leaf(names []string) (*ecdsa.PrivateKey, *x509.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "Real-time lab"},
		NotBefore:    now.Add(-early), NotAfter: now.Add(valid),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, name := range append([]string{"localhost", "127.0.0.1", "::1"}, names...) {
		ip := net.ParseIP(name)
		switch {
		case ip == nil && !slices.Contains(template.DNSNames, name):
			template.DNSNames = append(template.DNSNames, name)
		case ip != nil && !slices.ContainsFunc(template.IPAddresses, ip.Equal):
			template.IPAddresses = append(template.IPAddresses, ip)
		}
	}
	return key, template, nil
}

func newSerial() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
}

// Fingerprint returns the SHA-256 of a certificate as browsers and openssl show it, such as
// 3A:0F:…
func Fingerprint(c tls.Certificate) string { return fingerprint(c.Certificate[0]) }
