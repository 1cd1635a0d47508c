package main

import (
	"fmt"
	"os"
	"strings"

	"realtimelab/internal/lang"
)

// environmentLang returns the language of the terminal.
func environmentLang() lang.Lang {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			if strings.HasPrefix(value, "zh") {
				return lang.Chinese
			}
			return lang.English
		}
	}
	return lang.English
}

// parseLang parses --lang. Empty means no choice.
func parseLang(flag string) (lang.Lang, error) {
	switch language := lang.Lang(flag); language {
	case "", lang.English, lang.Chinese:
		return language, nil
	}
	return "", fmt.Errorf("unknown language %q: en or zh", flag)
}
