package main

import (
	"os"
	"strings"

	"realtimelab/internal/lang"
)

// environmentLang returns the language of the terminal, else that of the system.
func environmentLang() lang.Lang { return preferredLang(os.Getenv, systemLang) }

// preferredLang returns the language that the environment names. If it names none, system tells,
// with a name such as zh-CN.
func preferredLang(getenv func(string) string, system func() string) lang.Lang {
	chosen := ""
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if chosen = getenv(name); chosen != "" {
			break
		}
	}
	if chosen == "" {
		chosen = system()
	}
	if strings.HasPrefix(chosen, "zh") {
		return lang.Chinese
	}
	return lang.English
}

// parseLang parses --lang. Empty means no choice.
func parseLang(flag string) (lang.Lang, error) {
	switch language := lang.Lang(flag); language {
	case "", lang.English, lang.Chinese:
		return language, nil
	}
	return "", usagef("unknown language %q: en or zh",
		"没有语言 %q：应为 en 或 zh", flag)
}
