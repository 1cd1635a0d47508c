package load

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
)

// keep stores the cookies of an answer, as a browser does. A load balancer with sticky sessions
// finds a client's server by one. A client that gets none has no jar.
func (c *client) keep(u *url.URL, answer *http.Response) {
	set := answer.Cookies()
	if len(set) == 0 {
		return
	}
	jar := c.jar.Load()
	if jar == nil {
		jar, _ = cookiejar.New(nil) // which cannot fail without options
		if !c.jar.CompareAndSwap(nil, jar) {
			jar = c.jar.Load()
		}
	}
	jar.SetCookies(u, set)
}

// header returns the header of the client's next request: that of the configuration, and the
// client's cookies. Without cookies it is the configuration's own.
func (c *client) header(u *url.URL) http.Header {
	header := c.run.config.Header
	jar := c.jar.Load()
	if jar == nil {
		return header
	}
	request := http.Request{Header: header.Clone()}
	if request.Header == nil {
		request.Header = http.Header{}
	}
	for _, cookie := range jar.Cookies(u) {
		request.AddCookie(cookie)
	}
	return request.Header
}
