package certificate_test

import (
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/certificate"
)

func parsed(t *testing.T, c tls.Certificate) *x509.Certificate {
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	require.NoError(t, err)
	return leaf
}

func TestIssue(t *testing.T) {
	a, err := certificate.NewAuthority()
	require.NoError(t, err)
	made, err := a.Issue("10.0.0.7", "lab.example", "printer.local", "8.8.8.8", "2001:4860::8888")
	require.NoError(t, err)
	leaf := parsed(t, made)
	for name, fits := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "::1": true, "10.0.0.7": true, "lab.example": true,
		"printer.local": true,
		"evil.example":  false, "10.0.0.8": false, "8.8.8.8": false, "2001:4860::8888": false,
	} {
		_, err := leaf.Verify(x509.VerifyOptions{Roots: a.Pool(), DNSName: name})
		assert.Equal(t, fits, err == nil, "%s: %v", name, err)
	}
	other, err := certificate.NewAuthority()
	require.NoError(t, err)
	_, err = leaf.Verify(x509.VerifyOptions{Roots: other.Pool()})
	assert.Error(t, err, "an authority vouches for its own certificates only")
	assert.False(t, leaf.IsCA)
	assert.NotEqual(t, a.Fingerprint(), other.Fingerprint())
}

// TestAuthorityIsBound: the lab's CA cannot vouch for a site on the internet, neither by Issue nor
// with its key in other hands.
func TestAuthorityIsBound(t *testing.T) {
	a, err := certificate.NewAuthority()
	require.NoError(t, err)
	_, err = a.Issue("bank.com")
	assert.ErrorContains(t, err, "local names and addresses only")
	assert.True(t, a.Certificate.PermittedDNSDomainsCritical)
	assert.True(t, a.Certificate.MaxPathLenZero, "it makes no further authorities")
	now := time.Now()
	assert.WithinDuration(t, now.AddDate(1, 0, 0), a.Certificate.NotAfter, 48*time.Hour)
}

func TestSaveAndLoad(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "realtimelab")
	_, err := certificate.LoadAuthority(dir)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorIs(t, certificate.RemoveAuthority(dir), fs.ErrNotExist)

	a, err := certificate.NewAuthority()
	require.NoError(t, err)
	require.NoError(t, a.Save(dir))
	assert.ErrorIs(t, a.Save(dir), fs.ErrExist, "another CA is not overwritten")
	keyFile := filepath.Join(dir, certificate.AuthorityKeyFile)
	if runtime.GOOS != "windows" {
		for name, mode := range map[string]fs.FileMode{dir: 0o700, keyFile: 0o600} {
			info, err := os.Stat(name)
			require.NoError(t, err)
			assert.Equal(t, mode, info.Mode().Perm(), name)
		}
	}
	loaded, err := certificate.LoadAuthority(dir)
	require.NoError(t, err)
	assert.Equal(t, a.Fingerprint(), loaded.Fingerprint())
	made, err := loaded.Issue()
	require.NoError(t, err)
	_, err = parsed(t, made).Verify(x509.VerifyOptions{Roots: a.Pool(), DNSName: "localhost"})
	assert.NoError(t, err, "the loaded key is the authority's")

	if runtime.GOOS != "windows" {
		require.NoError(t, os.Chmod(keyFile, 0o644))
		_, err = certificate.LoadAuthority(dir)
		assert.ErrorContains(t, err, "others can read the private key")
		require.NoError(t, os.Chmod(keyFile, 0o600))
	}
	require.NoError(t, os.WriteFile(keyFile, []byte("no key"), 0o600))
	_, err = certificate.LoadAuthority(dir)
	assert.ErrorContains(t, err, "cannot read the CA in "+dir)
	require.NoError(t, certificate.RemoveAuthority(dir))
	_, err = certificate.LoadAuthority(dir)
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

// TestOpenSSLVerifies: another implementation accepts the chain, and the bounds of the authority.
func TestOpenSSLVerifies(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	dir := t.TempDir()
	a, err := certificate.NewAuthority()
	require.NoError(t, err)
	require.NoError(t, a.Save(dir))
	made, err := a.Issue("lab.example")
	require.NoError(t, err)
	file := filepath.Join(dir, "leaf.pem")
	require.NoError(t, os.WriteFile(file, encode(made), 0o600))
	ca := filepath.Join(dir, certificate.AuthorityFile)
	for _, name := range []string{"localhost", "lab.example"} {
		out, err := exec.Command(openssl, "verify", "-x509_strict", "-purpose", "sslserver",
			"-verify_hostname", name, "-CAfile", ca, file).CombinedOutput()
		assert.NoError(t, err, "%s: %s", name, out)
	}
	out, err := exec.Command(openssl, "x509", "-in", ca, "-noout", "-ext", "nameConstraints").
		CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "critical")
	assert.Contains(t, string(out), "DNS:localhost")
}
