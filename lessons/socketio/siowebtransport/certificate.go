package siowebtransport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"
)

// validity of a certificate that a browser takes by its hash is at most two weeks (W3C
// WebTransport, "custom certificate requirements").
const validity = 13 * 24 * time.Hour

// NewCertificate makes a self-signed certificate for these hosts, names or IP addresses, and
// returns its SHA-256 with it. A browser accepts it for 13 days if the page names the hash:
//
//	io({ transportOptions: { webtransport: { serverCertificateHashes: [{ algorithm: "sha-256", value: hash }] } } })
func NewCertificate(hosts ...string) (cert tls.Certificate, hash [sha256.Size]byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return cert, hash, fmt.Errorf("siowebtransport: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "real-time lab"},
		NotBefore:    now.Add(-time.Hour), // clocks differ
		NotAfter:     now.Add(-time.Hour).Add(validity),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return cert, hash, fmt.Errorf("siowebtransport: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, sha256.Sum256(der), nil
}
