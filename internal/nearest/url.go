package nearest

import (
	"fmt"
	"net/url"
	"strings"

	"realtimelab/internal/lang"
)

// URL returns a question whether a text was meant as a URL of http, to stand behind a text that is
// not a URL. It is empty if http:// before the text does not make it one.
func URL(text string) lang.Text {
	u, err := url.Parse("http://" + text)
	if err != nil || u.Hostname() == "" || strings.Contains(text, "//") {
		return lang.Text{}
	}
	return lang.Text{EN: fmt.Sprintf("; did you mean http://%s?", text),
		ZH: fmt.Sprintf("；你是想输入 http://%s 吗？", text)}
}
