package main

import (
	"net/http"
	"strings"

	"golang.org/x/net/http/httpguts"

	"realtimelab/internal/lang"
)

// parseHeaders reads the values of --header. It returns nil if there are none.
func parseHeaders(lines []string) (header http.Header, err error) {
	for _, line := range lines {
		name, value, found := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.Trim(value, " \t")
		if !found || !httpguts.ValidHeaderFieldName(name) ||
			!httpguts.ValidHeaderFieldValue(value) {
			return nil, lang.Errorf(`--header %q: want "NAME: VALUE", such as "Cookie: id=7"`,
				`--header %q：应为 "NAME: VALUE"，例如 "Cookie: id=7"`, line)
		}
		if header == nil {
			header = http.Header{}
		}
		header.Add(name, value)
	}
	return header, nil
}
