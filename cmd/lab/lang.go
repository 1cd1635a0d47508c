package main

import (
	"fmt"
	"os"
	"strings"

	"realtimelab/internal/lesson"
)

// environmentLang is the language of the terminal.
func environmentLang() lesson.Lang {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			if strings.HasPrefix(value, "zh") {
				return lesson.Chinese
			}
			return lesson.English
		}
	}
	return lesson.English
}

// parseLang reads --lang; empty leaves the choice to the reader.
func parseLang(flag string) (lesson.Lang, error) {
	switch lang := lesson.Lang(flag); lang {
	case "", lesson.English, lesson.Chinese:
		return lang, nil
	}
	return "", fmt.Errorf("unknown language %q: en or zh", flag)
}
