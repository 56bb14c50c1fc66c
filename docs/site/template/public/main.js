// A page shows each program in both languages, one after the other. Here they become two tabs, and the language that is chosen
// once stays chosen on every page.
const languages = { csharp: 'C#', fsharp: 'F#' }
const key = 'language'

const languageOf = (block) => Object.keys(languages).find((name) => block?.querySelector(`code.lang-${name}`))

function choose(language) {
  localStorage.setItem(key, language)
  for (const pair of document.querySelectorAll('.languages')) {
    for (const tab of pair.querySelectorAll('[role=tab]')) {
      tab.setAttribute('aria-selected', tab.dataset.language === language)
    }
    for (const panel of pair.querySelectorAll('[role=tabpanel]')) {
      panel.hidden = panel.dataset.language !== language
    }
  }
}

function join(first, second) {
  const pair = document.createElement('div')
  pair.className = 'languages'
  const tabs = document.createElement('div')
  tabs.setAttribute('role', 'tablist')
  pair.append(tabs)
  first.before(pair)

  for (const block of [first, second]) {
    const language = languageOf(block)
    const tab = document.createElement('button')
    tab.type = 'button'
    tab.textContent = languages[language]
    tab.dataset.language = language
    tab.setAttribute('role', 'tab')
    tab.addEventListener('click', () => choose(language))
    tabs.append(tab)

    const panel = document.createElement('div')
    panel.setAttribute('role', 'tabpanel')
    panel.dataset.language = language
    panel.append(block)
    pair.append(panel)
  }
}

function pairLanguages() {
  for (const first of document.querySelectorAll('article pre')) {
    const second = first.nextElementSibling
    if (languageOf(first) === 'csharp' && second?.tagName === 'PRE' && languageOf(second) === 'fsharp') {
      join(first, second)
    }
  }
  choose(localStorage.getItem(key) ?? 'csharp')
}

export default {
  start: pairLanguages,
}
