package compare

import (
	"math/rand/v2"
	"strings"
)

// common are common words of English. Half of a message's words are of these.
var common = strings.Fields(
	`the of and a to in is you that it he was for on are as with his they at be this have from or one
had by word but not what all were we when your can said there use an each which she do how their if will up other about out
many then them these so some her would make like him into time has look two more write go see number no way could people my
than first water been call who its now find long down day did get come made may part over new sound take only little work
know place year live me back give most very after thing our just name good man think say great where help through much before
line right too mean old any same tell boy follow came want show also around form three small set put end does another well
large must big even such because turn here why ask went men read need land different home us move try kind hand picture again`)

// frequencies holds a hundred letters, each about as often as in English text.
const frequencies = "eeeeeeeeeeeetttttttttaaaaaaaaoooooooiiiiiiinnnnnnnsssssshhhhhhrrrrrrddddllllcccuuummmwwffggyyppbbvk"

// words appends words to b until it has size bytes. Common words alternate with rare ones of random
// letters, so that deflate compresses the text about as well as English.
func words(b []byte, size int, random *rand.Rand) []byte {
	for len(b) < size {
		if random.IntN(2) == 0 {
			b = append(b, common[min(random.IntN(len(common)), random.IntN(len(common)))]...)
		} else {
			for range 3 + random.IntN(7) {
				b = append(b, frequencies[random.IntN(len(frequencies))])
			}
		}
		b = append(b, ' ')
	}
	return b[:size]
}
