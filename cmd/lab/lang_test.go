package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/lang"
)

func TestPreferredLang(t *testing.T) {
	for _, c := range []struct {
		environment map[string]string
		system      string
		want        lang.Lang
	}{
		{map[string]string{"LANG": "zh_CN.UTF-8"}, "", lang.Chinese},
		{map[string]string{"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "zh-CN", lang.English},
		{map[string]string{"LC_MESSAGES": "zh_TW", "LANG": "en_US"}, "", lang.Chinese},
		{nil, "zh-CN", lang.Chinese}, // Windows
		{nil, "en-US", lang.English},
		{nil, "", lang.English},
	} {
		got := preferredLang(func(name string) string {
			return c.environment[name]
		}, func() string { return c.system })
		assert.Equal(t, c.want, got, "%v, %q", c.environment, c.system)
	}
}
