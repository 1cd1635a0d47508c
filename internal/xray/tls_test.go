package xray_test

import (
	"crypto/tls"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/certificate"
	"realtimelab/internal/lang"
	"realtimelab/internal/xray"
)

// shake runs a TLS handshake over the wire, lets the client say a secret, and returns the records.
func shake(t *testing.T, w *wire, version uint16) []*xray.Row {
	made, err := certificate.Make("lab.example")
	require.NoError(t, err)
	server := tls.Server(w.server, &tls.Config{Certificates: []tls.Certificate{made},
		MaxVersion: version, NextProtos: []string{"h2"}})
	client := tls.Client(w.client, &tls.Config{ServerName: "lab.example", InsecureSkipVerify: true,
		NextProtos: []string{"h2", "http/1.1"}})
	said := make(chan error, 1)
	go func() {
		_, err := client.Write([]byte("the secret"))
		said <- err
	}()
	heard := make([]byte, 100)
	n, err := server.Read(heard)
	require.NoError(t, err)
	require.NoError(t, <-said)
	assert.Equal(t, "the secret", string(heard[:n]))
	var records []*xray.Row
	for _, row := range w.rows() {
		if row.Layer == xray.TLS {
			records = append(records, row)
		} else {
			assert.Contains(t, []xray.Layer{xray.TCP, xray.HTTP}, row.Layer, "%s",
				row.Line(lang.English))
		}
		assert.NotContains(t, string(row.Data), "the secret")
	}
	return records
}

func summaries(rows []*xray.Row) (all []string) {
	for _, row := range rows {
		all = append(all, row.Dir.String()+" "+row.Summary.EN)
	}
	return all
}

// TestTLSRecords: an x-ray below TLS sees the server's name, the protocols and the sizes, and no
// more.
func TestTLSRecords(t *testing.T) {
	records := shake(t, newWire(t), tls.VersionTLS13)
	all := summaries(records)
	assert.Equal(t, "in ClientHello for lab.example · offers h2, http/1.1", all[0])
	assert.Equal(t, "out ServerHello", all[1])
	assert.Contains(t, all, "out ChangeCipherSpec")
	assert.Equal(t, "in application data, 27 bytes encrypted", all[len(all)-1],
		"10 bytes, their type, and a tag of 16")
	for _, row := range records {
		names, end := []string{}, 0
		for _, f := range row.Fields() {
			names = append(names, f.Name)
			assert.Equal(t, end, f.Start)
			end = f.End
		}
		assert.Equal(t, []string{"type", "legacy_record_version", "length", "fragment"}, names)
		assert.Equal(t, len(row.Data), end)
		assert.True(t, row.Message)
		assert.Positive(t, row.Parent)
	}

	all = summaries(shake(t, newWire(t), tls.VersionTLS12))
	assert.Equal(t, "in ClientHello for lab.example · offers h2, http/1.1", all[0])
	assert.Contains(t, all, "out ServerHello")
}

// TestTLSInATunnel: after CONNECT a proxy reads records, or plain HTTP where there is no TLS.
func TestTLSInATunnel(t *testing.T) {
	const connect, established = "CONNECT lab.example:443 HTTP/1.1\r\nHost: " +
		"lab.example:443\r\n\r\n", "HTTP/1.1 200 Connection Established\r\n\r\n"
	w := newWire(t).in(connect).out(established)
	all := summaries(shake(t, w, tls.VersionTLS13))
	assert.Equal(t, "in ClientHello for lab.example · offers h2, http/1.1", all[0])

	w = newWire(t).in(connect).out(established).in("GET /ws HTTP/1.1\r\nHost: x\r\n\r\n").
		out("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno")
	assert.Equal(t, []string{"CONNECT lab.example:443", "GET /ws"}, func() (all []string) {
		for _, row := range w.rows() {
			if row.Layer == xray.HTTP && row.Dir.String() == "in" {
				all = append(all, row.Summary.EN)
			}
		}
		return all
	}())
	assert.Empty(t, w.said(xray.Bytes))
}

// TestMalformedTLS: a hostile client's records are shown as bytes, with the reason.
func TestMalformedTLS(t *testing.T) {
	for bytes, why := range map[string]string{
		"\x16\x03\x01\xff\xff":                             "too large",
		"\x16\x03\x01\x00\x01\x01\x99\x03\x03\x00\x01\x00": "not a TLS record",
	} {
		w := newWire(t).in(bytes, "more")
		found := false
		for _, row := range w.rows() {
			if row.Layer == xray.Bytes && row.Problem != nil {
				assert.Contains(t, row.Problem.EN, why)
				found = true
			}
		}
		assert.True(t, found, why)
	}
	// a ClientHello that says that it is longer
	w := newWire(t).in("\x16\x03\x01\x00\x08\x01\x00\x00\xff\x03\x03\x00\x00")
	assert.Len(t, w.said(xray.TLS), 1)
}
