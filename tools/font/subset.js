// Writes the console's typeface: Inter with the characters that names and pages in Australia need.
import { readFile, writeFile } from 'node:fs/promises'
import subsetFont from 'subset-font'

// First and last character of each range: Latin with its extensions (Māori, Pacific, European names), Vietnamese, combining marks,
// punctuation, currencies, and the signs that pages use.
const ranges = [
  [0x0020, 0x007e], [0x00a0, 0x017f], [0x0180, 0x024f], [0x0259, 0x0259], [0x02b9, 0x02bf], [0x02c6, 0x02cb], [0x02d8, 0x02dd],
  [0x0300, 0x030c], [0x031b, 0x031b], [0x0323, 0x0328], [0x1e00, 0x1eff], [0x2010, 0x2027], [0x202f, 0x203a], [0x20ac, 0x20ac],
  [0x2122, 0x2122], [0x2190, 0x2193], [0x2212, 0x2212], [0x2248, 0x2248], [0x2260, 0x2265], [0x2713, 0x2713], [0xfb01, 0xfb02], [0xfffd, 0xfffd],
]
const text = ranges.map(([first, last]) => String.fromCodePoint(...Array.from({ length: last - first + 1 }, (_, i) => first + i))).join('')

const source = await readFile('node_modules/inter-ui/variable/InterVariable.woff2')
const font = await subsetFont(source, text, {
  targetFormat: 'woff2',
  variationAxes: { opsz: 14, wght: { min: 400, max: 700, default: 400 } },
})
await writeFile('../../starter/console/assets/inter-4.1.woff2', font)
await writeFile('../../starter/console/assets/inter-4.1.LICENSE.txt', await readFile('node_modules/inter-ui/LICENSE.txt'))
