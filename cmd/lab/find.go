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

// suggest returns what was meant by an unknown name, to stand behind it: the command that takes the
// name, or a similar known name. Without either it returns a full stop.
func suggest(name string, known []string) lang.Text {
	if kind, command := taken(name); command != "" {
		return lang.Textf("; it is %s: %s.", "；它是%s：%s。", kind, command)
	}
	return meant(nearest.To(strings.ToLower(name), known))
}

// taken returns the command that takes a name as its argument, and what the name stands for there.
// The command is empty if there is none.
func taken(name string) (kind lang.Text, command string) {
	for _, k := range []struct {
		names   func() []candidate
		kind    lang.Text
		command string
	}{
		{demoCandidates, lang.Text{EN: "a demo", ZH: "一个演示"}, "lab run "},
		{lessonCandidates, lang.Text{EN: "a lesson", ZH: "一门课程"}, "lab lesson "},
		{exerciseCandidates, lang.Text{EN: "an exercise", ZH: "一个练习"}, "lab exercise show "},
	} {
		if slices.ContainsFunc(k.names(), func(c candidate) bool { return c.name == name }) {
			return k.kind, k.command + name
		}
	}
	return lang.Text{}, ""
}

// meant returns the question whether a name was meant, or a full stop without a name.
func meant(near string) lang.Text {
	if near == "" {
		return lang.Text{EN: ".", ZH: "。"}
	}
	return lang.Text{EN: fmt.Sprintf("; did you mean %q?", near),
		ZH: fmt.Sprintf("；你是想输入 %q 吗？", near)}
}
