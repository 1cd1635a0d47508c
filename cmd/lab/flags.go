package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"realtimelab/internal/lang"
)

// guardFlags makes the flags of a command and of those below it refuse a second value, unless they
// take several, and say in words which values they want.
func guardFlags(c *cobra.Command) {
	guard := func(flag *pflag.Flag) {
		if _, done := flag.Value.(*guarded); done {
			return
		}
		_, several := flag.Value.(pflag.SliceValue)
		flag.Value = &guarded{Value: flag.Value, several: several}
		if flag.DefValue == "[]" || flag.DefValue == "0s" {
			flag.DefValue = "" // which the help leaves out, as pflag does for values that it knows
		}
	}
	c.Flags().VisitAll(guard)
	c.PersistentFlags().VisitAll(guard)
	for _, below := range c.Commands() {
		guardFlags(below)
	}
}

// guarded is the value of a flag, see guardFlags.
type guarded struct {
	pflag.Value
	several, set bool
}

// Set sets the value.
func (g *guarded) Set(text string) error {
	if g.set && !g.several {
		return lang.Errorf("it is given twice",
			"写了两次")
	}
	err := g.Value.Set(text)
	if err == nil {
		g.set = true
		return nil
	}
	want, known := wantedValues[strings.TrimSuffix(g.Type(), "Slice")]
	var number *strconv.NumError
	switch {
	case !known:
		return err
	case errors.As(err, &number) && errors.Is(number.Err, strconv.ErrRange):
		return lang.Errorf("the number is too large",
			"数字太大")
	}
	return lang.Errorf("want %s", "应为%s", want)
}

// wantedValues says what the flags of a type take.
var wantedValues = map[string]lang.Text{
	"int": wholeNumber, "int32": wholeNumber,
	"uint64":  {EN: "a whole number of 0 or more", ZH: "不小于 0 的整数"},
	"float64": {EN: "a number", ZH: "数字"},
	"duration": {EN: "a time with its unit, such as 500ms, 10s or 2m",
		ZH: "带单位的时间，例如 500ms、10s 或 2m"},
	"bool": {EN: "true or false", ZH: " true 或 false"},
}

var wholeNumber = lang.Text{EN: "a whole number", ZH: "整数"}
