package main

import (
	"fmt"
	"slices"
	"strings"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/nearest"
	"realtimelab/lessons"
)

// found is a demo together with its lesson.
type found struct {
	lesson lesson.Lesson
	demo   lesson.Demo
}

// demoNames returns the names of all demos, in order.
func demoNames() (names []string) {
	for _, l := range lessons.All() {
		for _, d := range l.Demos {
			names = append(names, d.Name)
		}
	}
	return names
}

// findDemos returns the demos with the given names. The error for an unknown name lists the demos
// and suggests a similar one.
func (o runOptions) findDemos(names []string) ([]found, error) {
	byName := map[string]found{}
	for _, l := range lessons.All() {
		for _, d := range l.Demos {
			byName[d.Name] = found{l, d}
		}
	}
	var demos []found
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, usagef("demo %q is named twice",
				"演示 %q 写了两次", name)
		}
		f, ok := byName[name]
		if !ok {
			return nil, usagef("no demo %q%s The demos are: %s",
				"没有演示 %q%s演示有：%s", name,
				suggest(name, demoNames()), strings.Join(demoNames(), ", "))
		}
		demos = append(demos, f)
	}
	return demos, nil
}

// suggest returns a question whether a similar known name was meant, to stand behind an unknown
// one. Without such a name it returns a full stop.
func suggest(name string, known []string) lang.Text {
	return meant(nearest.To(strings.ToLower(name), known))
}

// meant returns the question whether a name was meant, or a full stop without a name.
func meant(near string) lang.Text {
	if near == "" {
		return lang.Text{EN: ".", ZH: "。"}
	}
	return lang.Text{EN: fmt.Sprintf("; did you mean %q?", near),
		ZH: fmt.Sprintf("；你是想输入 %q 吗？", near)}
}
