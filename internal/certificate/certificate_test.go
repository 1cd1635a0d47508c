package certificate_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/certificate"
)

func TestMadeCertificate(t *testing.T) {
	made, err := certificate.Make("10.0.0.7", "lab.example", "fe80::7")
	require.NoError(t, err)
	c, err := x509.ParseCertificate(made.Certificate[0])
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(c)
	for name, fits := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "::1": true, "10.0.0.7": true, "lab.example": true,
		"fe80::7":      true,
		"evil.example": false, "10.0.0.8": false,
	} {
		_, err := c.Verify(x509.VerifyOptions{Roots: roots, DNSName: name})
		assert.Equal(t, fits, err == nil, "%s: %v", name, err)
	}
	_, err = c.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: time.Now().Add(-time.Hour)})
	assert.NoError(t, err, "a client whose clock is behind")
	_, err = c.Verify(x509.VerifyOptions{Roots: x509.NewCertPool()})
	assert.Error(t, err, "no client trusts it by default")

	other, err := certificate.Make()
	require.NoError(t, err)
	assert.NotEqual(t, certificate.Fingerprint(made), certificate.Fingerprint(other))
}

// TestFingerprint compares the fingerprint with that of openssl.
func TestFingerprint(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	made, err := certificate.Make()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "certificate.pem")
	require.NoError(t, os.WriteFile(file, encode(made), 0o600))
	out, err := exec.Command(openssl, "x509", "-in", file, "-noout", "-fingerprint",
		"-sha256").Output()
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSpace(string(out)[strings.IndexByte(string(out), '=')+1:]),
		certificate.Fingerprint(made))
}

func encode(c tls.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})
}
