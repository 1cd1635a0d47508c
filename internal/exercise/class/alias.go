package class

import (
	"crypto/rand"
	"fmt"
	"math/big"

	"realtimelab/internal/lang"
)

// Words of the aliases.
var (
	moods = []lang.Text{
		{EN: "Calm", ZH: "安静的"}, {EN: "Brave", ZH: "勇敢的"}, {EN: "Quick", ZH: "敏捷的"},
		{EN: "Bright", ZH: "聪明的"}, {EN: "Merry", ZH: "快乐的"},
		{EN: "Patient", ZH: "耐心的"}, {EN: "Curious", ZH: "好奇的"}, {EN: "Gentle", ZH: "温和的"},
		{EN: "Lucky", ZH: "幸运的"}, {EN: "Sunny", ZH: "开朗的"},
		{EN: "Tidy", ZH: "整洁的"}, {EN: "Keen", ZH: "敏锐的"}, {EN: "Steady", ZH: "稳重的"},
		{EN: "Witty", ZH: "机智的"}, {EN: "Cosy", ZH: "温暖的"},
	}
	animals = []lang.Text{
		{EN: "Otter", ZH: "水獭"}, {EN: "Fox", ZH: "狐狸"}, {EN: "Heron", ZH: "苍鹭"},
		{EN: "Panda", ZH: "熊猫"}, {EN: "Owl", ZH: "猫头鹰"},
		{EN: "Hare", ZH: "野兔"}, {EN: "Crane", ZH: "仙鹤"}, {EN: "Seal", ZH: "海豹"},
		{EN: "Deer", ZH: "小鹿"}, {EN: "Robin", ZH: "知更鸟"},
		{EN: "Tiger", ZH: "老虎"}, {EN: "Koala", ZH: "考拉"}, {EN: "Lynx", ZH: "猞猁"},
		{EN: "Swift", ZH: "雨燕"}, {EN: "Whale", ZH: "鲸鱼"},
		{EN: "Camel", ZH: "骆驼"}, {EN: "Squirrel", ZH: "松鼠"}, {EN: "Dolphin", ZH: "海豚"},
		{EN: "Lark", ZH: "云雀"}, {EN: "Bear", ZH: "小熊"},
	}
)

// newAlias returns an alias, such as "Calm Otter", that taken does not report as taken. Pairs of
// words are more than MaxStudents, so that one is always free; a number resolves the rest.
func newAlias(taken func(lang.Text) bool) lang.Text {
	pairs := len(moods) * len(animals)
	start := random(pairs)
	for i := range pairs {
		at := (start + i*17) % pairs // 17 has no factor in common with the number of pairs
		mood, animal := moods[at/len(animals)], animals[at%len(animals)]
		alias := lang.Text{EN: mood.EN + " " + animal.EN, ZH: mood.ZH + animal.ZH}
		if !taken(alias) {
			return alias
		}
	}
	n := fmt.Sprint(random(1_000_000))
	return lang.Text{EN: "Student " + n, ZH: "同学 " + n}
}

// newCode returns a join code of six letters that are easy to read and to type: one of 148 million.
func newCode() string { return letters(6) }

// newSeatCode returns the code that takes a student's seat from another device: one of 78 billion.
func newSeatCode() string { return letters(8) }

func letters(n int) string {
	const easy = "abcdefghjkmnpqrstuvwxyz"
	code := make([]byte, n)
	for i := range code {
		code[i] = easy[random(len(easy))]
	}
	return string(code)
}

// random returns a number from 0 to n-1 that cannot be guessed.
func random(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return int(i.Int64())
}
