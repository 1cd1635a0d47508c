package main

import (
	"fmt"
	"io"
	"log/slog"
	"unicode/utf8"
)

// maxValue bounds a logged value, in bytes, because clients choose many of the values.
const maxValue = 512

// newLog returns a logger that writes lines of text to w, truncates long values and
// limits repeated warnings.
func newLog(w io.Writer) *slog.Logger {
	return slog.New(newLogLimit(slog.NewTextHandler(w,
		&slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch v := a.Value.Any().(type) {
			case string:
				a.Value = slog.StringValue(cutValue(v))
			case slog.Level, *slog.Source:
			default:
				if a.Value.Kind() == slog.KindAny {
					a.Value = slog.StringValue(cutValue(fmt.Sprintf("%+v", v)))
				}
			}
			return a
		}})))
}

// cutValue truncates a text at a character boundary and appends its original length.
func cutValue(text string) string {
	if len(text) <= maxValue {
		return text
	}
	end := maxValue
	for end > maxValue-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return fmt.Sprintf("%s… (%d bytes)", text[:end], len(text))
}
