package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Files of an Authority in its folder.
const (
	AuthorityFile    = "ca.pem"     // the certificate, which systems and browsers import
	AuthorityKeyFile = "ca-key.pem" // its private key, for the owner alone
)

// authorityValid is the validity of an Authority. Its owner installs it by hand, so it lasts a
// year.
const authorityValid = 365 * 24 * time.Hour

// permittedNames and permittedNets bound what an Authority can vouch for (RFC 5280 §4.2.1.10):
// names and addresses of the own machine and of local networks. A thief of the key cannot pretend
// to be a site on the internet.
var (
	permittedNames = []string{"localhost", "local", "lan", "internal", "home.arpa", "test",
		"example"}
	permittedNets = []string{
		"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
		"100.64.0.0/10",
		"::1/128", "fc00::/7", "fe80::/10",
	}
)

// An Authority is a certificate authority for servers of one person's lab. A client that trusts it
// trusts every certificate from Issue. It is immutable.
type Authority struct {
	Certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewAuthority returns a new authority that is valid for a year. It exists in memory only, until
// Save.
func NewAuthority() (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	name, names := "Real-time lab CA", permittedNames
	if host, err := os.Hostname(); err == nil {
		name += " of " + host // in a browser's list, the machine that it was made on
		if !strings.Contains(host, ".") && host != "" {
			names = append(slices.Clone(names), strings.ToLower(host))
		}
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-early), NotAfter: now.Add(authorityValid),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:     true, BasicConstraintsValid: true, MaxPathLenZero: true,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: names,
	}
	for _, text := range permittedNets {
		_, ipNet, err := net.ParseCIDR(text)
		if err != nil {
			return nil, err
		}
		template.PermittedIPRanges = append(template.PermittedIPRanges, ipNet)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &Authority{made, key}, nil
}

// LoadAuthority reads an authority from the files that Save has written. Without them the error is
// fs.ErrNotExist. An authority that has expired, or whose key others can read, is an error too.
func LoadAuthority(dir string) (*Authority, error) {
	keyFile := filepath.Join(dir, AuthorityKeyFile)
	info, err := os.Stat(keyFile)
	if err != nil {
		return nil, err
	}
	if private := info.Mode().Perm()&0o077 == 0; !private && unixModes {
		return nil, fmt.Errorf(
			"others can read the private key %s (mode %o): remove it and make a new CA", keyFile,
			info.Mode().Perm())
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, AuthorityFile), keyFile)
	if err != nil {
		return nil, fmt.Errorf("cannot read the CA in %s: %w", dir, err)
	}
	c, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("cannot read the CA in %s: %w", dir, err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	switch {
	case !ok || !c.IsCA:
		return nil, fmt.Errorf("%s is not a CA of the lab", filepath.Join(dir, AuthorityFile))
	case time.Now().After(c.NotAfter):
		return nil, fmt.Errorf("the CA in %s has expired on %s: remove it and make a new one", dir,
			c.NotAfter.Format(time.DateOnly))
	}
	return &Authority{c, key}, nil
}

// Save writes the authority into a folder, which it makes if need be, for the owner alone. It does
// not replace another authority there: the error is then fs.ErrExist.
func (a *Authority) Save(dir string) error {
	key, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	keyFile := filepath.Join(dir, AuthorityKeyFile)
	if err := writeNew(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY",
		Bytes: key})); err != nil {
		return err
	}
	if err := writeNew(filepath.Join(dir, AuthorityFile), a.PEM()); err != nil {
		return errors.Join(err, os.Remove(keyFile))
	}
	return nil
}

// writeNew writes a file that does not exist yet.
func writeNew(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// RemoveAuthority removes the files of Save from a folder. Without them the error is
// fs.ErrNotExist. Clients that trust the authority still do.
func RemoveAuthority(dir string) error {
	err := os.Remove(filepath.Join(dir, AuthorityKeyFile))
	if other := os.Remove(filepath.Join(dir, AuthorityFile)); !errors.Is(other, fs.ErrNotExist) {
		err = errors.Join(err, other)
	}
	return err
}

// Issue returns a new certificate from the authority, valid for the same names as one from Make. It
// leaves out addresses that are not local, which a laptop may have as well. It fails for a host
// name that the authority cannot vouch for, such as a site on the internet.
func (a *Authority) Issue(names ...string) (tls.Certificate, error) {
	key, template, err := leaf(names)
	if err != nil {
		return tls.Certificate{}, err
	}
	template.IPAddresses = slices.DeleteFunc(template.IPAddresses, func(ip net.IP) bool {
		return !slices.ContainsFunc(a.Certificate.PermittedIPRanges, func(n *net.IPNet) bool {
			return n.Contains(ip)
		})
	})
	if template.NotAfter.After(a.Certificate.NotAfter) {
		template.NotAfter = a.Certificate.NotAfter
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.Certificate, key.Public(), a.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("cannot make a certificate for %s: %w",
			strings.Join(names, ", "), err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, err
	}
	if _, err := made.Verify(x509.VerifyOptions{Roots: a.Pool()}); err != nil {
		return tls.Certificate{},
			fmt.Errorf("the lab's CA vouches for local names and addresses "+
				"only, not for all of %s: %w", strings.Join(names, ", "), err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: made}, nil
}

// Pool returns a pool that trusts this authority alone.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.Certificate)
	return pool
}

// PEM returns the authority's certificate as its file holds it.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate.Raw})
}

// Fingerprint returns the SHA-256 of the authority's certificate as browsers and openssl show it.
func (a *Authority) Fingerprint() string { return fingerprint(a.Certificate.Raw) }

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
}
