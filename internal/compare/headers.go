package compare

import "net/http"

// browserHeader returns the headers that a browser adds to a request of a page of that origin, so
// that a request costs as much as a browser's.
func browserHeader(origin string) http.Header {
	h := http.Header{}
	for name, value := range map[string]string{
		"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like " +
			"Gecko) Chrome/140.0.0.0 Safari/537.36",
		"Accept":             "*/*",
		"Accept-Encoding":    "gzip, deflate, br, zstd",
		"Accept-Language":    "en-US,en;q=0.9",
		"Connection":         "keep-alive",
		"Referer":            origin + "/",
		"Sec-Ch-Ua":          `"Chromium";v="140", "Not=A?Brand";v="24"`,
		"Sec-Ch-Ua-Mobile":   "?0",
		"Sec-Ch-Ua-Platform": `"Linux"`,
		"Sec-Fetch-Dest":     "empty",
		"Sec-Fetch-Mode":     "cors",
		"Sec-Fetch-Site":     "same-origin",
	} {
		h.Set(name, value)
	}
	return h
}

// upgradeHeader is the same for a WebSocket's handshake.
func upgradeHeader(origin string) http.Header {
	h := http.Header{}
	browser := browserHeader(origin)
	for _, name := range []string{"User-Agent", "Accept-Encoding", "Accept-Language"} {
		h.Set(name, browser.Get(name))
	}
	h.Set("Origin", origin)
	h.Set("Cache-Control", "no-cache")
	h.Set("Pragma", "no-cache")
	return h
}
