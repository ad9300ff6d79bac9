package ui

// htmxConfig keeps htmx within the content security policy (no eval, no style element of its own) and people's data out of the browser's
// storage.
const htmxConfig = `{"allowEval":false,"includeIndicatorStyles":false,"selfRequestsOnly":true,"historyCacheSize":0}`

var themes = []Option{{string(ThemeSystem), "System"}, {string(ThemeLight), "Light"}, {string(ThemeDark), "Dark"}}
