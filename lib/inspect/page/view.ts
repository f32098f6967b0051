/**
 * The part of the page's script that shows a report. It writes text, never HTML. A new check, or a new field of an
 * explanation, is shown without a change here.
 */
export const VIEW = String.raw`
'use strict'
const at = (id) => document.getElementById(id)
const secret = document.querySelector('meta[name=page-secret]').content
let token = ''
let report
let chosen = 0
let newest = 0

function element(name, attributes, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(key, value)
  made.append(...children.filter((child) => child !== undefined))
  return made
}

async function post(body) {
  const answer = await fetch(location.pathname, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Page-Secret': secret },
    body: JSON.stringify(body),
  }).catch(() => {
    throw new Error('The server does not answer. Is it still running?')
  })
  const value = await answer.json().catch(() => ({}))
  if (!answer.ok) throw new Error('The server says: ' + (value.error || answer.status))
  return value
}

/** The kinds of outcome: how they look, and what they are called. */
const KINDS = {
  good: { sign: '✓', word: 'passed' },
  bad: { sign: '✗', word: 'failed' },
  open: { sign: '?', word: 'not decided' },
  doubt: { sign: '!', word: 'passed, but' },
}
const kindOf = ({ pass, fix }) => (pass === true ? (fix ? 'doubt' : 'good') : pass === false ? 'bad' : 'open')
const kindOfAll = ({ ok, checks }) => (ok ? 'good' : kindOf(firstOf(checks)))
const sign = (kind) => element('span', { class: 'sign', 'aria-hidden': 'true' }, KINDS[kind].sign)
const value = (text) => element('span', { class: 'value' }, text)
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1)
/** A check whose got is "that" found what it expected. */
const gotOf = ({ pass, expected, got }) => (pass === true && got === 'that' ? expected : got)
/** Announces something to screen readers, and shows it unless it can be seen anyway. */
function say(text, isSeen = false) {
  at('status').className = isSeen ? 'hidden' : 'quiet'
  at('status').textContent = text
}
/** The check at which the guard stops. JSON leaves undefined out, so an undecided check has no pass. */
const firstOf = (checks) => checks.find(({ pass }) => pass !== true)

function pairs(rows) {
  const list = element('dl', { class: 'pair' })
  for (const [name, text] of rows) list.append(element('dt', {}, name), element('dd', { class: 'value' }, text))
  return list
}

/** Rows for fields that the page does not know, labeled with their names. */
const others = (from, known) =>
  Object.entries(from)
    .filter(([name, text]) => !known.includes(name) && typeof text !== 'object')
    .map(([name, text]) => [capital(name), String(text)])

function titleOf({ ok, checks }) {
  const first = firstOf(checks)
  if (ok) return 'Accepted'
  return first.pass === false ? 'Refused: ' + first.name : 'Not decided: ' + first.name
}

function showVerdict({ explanation }) {
  const { ok, checks, summary } = explanation
  const kind = kindOfAll(explanation)
  const first = firstOf(checks)
  const place = at('verdict')
  place.className = kind
  const title = element('h2', { id: 'verdict-title', tabindex: '-1' }, sign(kind), ' ' + titleOf(explanation))
  const parts = [title]
  if (ok) parts.push(element('p', { class: 'fix' }, capital(summary) + '.'))
  else {
    parts.push(pairs([['Expected', first.expected], ['Got', first.got]]))
    if (first.fix) parts.push(element('p', { class: 'fix' }, element('b', {}, 'What to do'), first.fix))
    const more = checks.filter((check) => check.pass === false && check !== first)
    if (more.length > 0) {
      const links = more.flatMap((check) => [', ', element('a', { href: '#check-' + checks.indexOf(check) }, check.name)])
      parts.push(element('p', {}, more.length === 1 ? 'Then fix this, too: ' : 'Then fix these, too: ', ...links.slice(1)))
    }
  }
  const rest = others(explanation, ['ok', 'checks', 'summary', 'answer'])
  if (rest.length > 0) parts.push(pairs(rest))
  place.replaceChildren(...parts)
}

/** The date that a check is about, in words. */
function datesOf({ name }) {
  const { when } = report.claims?.find((row) => row.name === name) ?? {}
  return when && element('span', { class: 'quiet' }, ' · ' + when.words)
}

function showChecks({ explanation: { checks } }) {
  at('checks').replaceChildren(
    ...checks.map((check, index) => {
      const kind = kindOf(check)
      const word = element('span', { class: kind === 'good' ? 'hidden' : 'word' }, KINDS[kind].word)
      const item = element('li', { id: 'check-' + index, class: kind })
      const top = element('div', { class: 'top' }, element('h3', {}, check.name))
      if (check.pass === true) top.append(element('span', {}, value(gotOf(check)), datesOf(check)))
      top.append(word)
      item.append(sign(kind), top)
      if (check.pass !== true) item.append(pairs([['Expected', check.expected], ['Got', check.got]]))
      if (check.fix) item.append(element('p', { class: 'remedy' }, check.fix))
      const rest = others(check, ['name', 'pass', 'expected', 'got', 'fix'])
      if (rest.length > 0) item.append(pairs(rest))
      return item
    }),
  )
}

function showAnswer({ explanation, answer }) {
  const place = at('answer')
  if (answer) {
    const { code, status, headers, body } = answer
    place.className = 'bad'
    const lines = Object.entries(headers).map(([name, text]) => name + ': ' + text)
    place.replaceChildren(
      element('p', { class: 'code' }, element('strong', {}, String(status)), element('code', {}, code)),
      element('p', { class: 'quiet' }, 'Passed to next(error). With errorHandler() the client gets:'),
      element('pre', {}, [...lines, '', body].join('\n').trim()),
    )
  } else if (explanation.ok) {
    place.className = 'good'
    place.replaceChildren(
      element('p', { class: 'code' }, element('strong', {}, 'next()')),
      element('p', {}, 'The request goes on, with the user as req.user.'),
    )
  } else {
    place.className = 'open'
    place.replaceChildren(element('p', {}, 'It depends on what could not be decided.'))
  }
}

function showUser({ explanation: { checks }, hasStore }) {
  const user = checks.find(({ name }) => name === 'user')
  const subject = checks.find(({ name, pass }) => name === 'sub' && pass === true)
  const place = at('user')
  const rows = subject ? [['Subject', gotOf(subject)]] : []
  if (user) {
    const kind = kindOf(user)
    place.className = kind
    place.replaceChildren(element('p', {}, sign(kind), ' ' + capital(gotOf(user))), pairs(rows))
    if (user.fix) place.append(element('p', {}, user.fix))
  } else {
    place.className = ''
    const why = subject && !hasStore
      ? 'No user was looked up: this configuration has no store.'
      : 'No user was looked up: the token does not name one.'
    place.replaceChildren(element('p', {}, why), pairs(rows))
  }
}

function tableOf(titleId, rows, checks) {
  if (!rows) return element('p', {}, 'Cannot be read: see the check ‘format’.')
  if (rows.length === 0) return element('p', {}, 'None.')
  const body = element('tbody', {})
  for (const row of rows) {
    const index = checks.findIndex(({ name, pass }) => name === row.name && pass === false)
    const cell = element('td', {}, value(row.value))
    if (row.when) {
      const { at: date, words } = row.when
      cell.append(element('p', {}, capital(words), element('time', { datetime: date }, readable(date))))
    }
    if (index >= 0)
      cell.append(element('p', {}, sign('bad'), ' ', element('a', { href: '#check-' + index }, 'fails its check')))
    const kind = index >= 0 ? 'bad' : undefined
    body.append(element('tr', { class: kind }, element('th', { scope: 'row' }, row.name), cell))
  }
  return element('table', { 'aria-labelledby': titleId }, body)
}

const readable = (date) => date.slice(0, 19).replace('T', ' ') + ' UTC'

function show() {
  const verdict = report.verdicts[chosen]
  const { checks } = verdict.explanation
  showVerdict(verdict)
  showChecks(verdict)
  showAnswer(verdict)
  showUser(verdict)
  at('claims').replaceChildren(tableOf('claims-title', report.claims, checks))
  at('header').replaceChildren(tableOf('header-title', report.header, checks))
  showChoices()
  at('in-hand-text').textContent = report.length.toLocaleString('en') + ' characters; signature not shown.'
  at('in-hand-time').textContent = 'Inspected at ' + readable(report.now)
}

function showChoices() {
  const { verdicts } = report
  at('configurations').hidden = verdicts.length < 2
  // The labels are replaced, so the focus has to be set again.
  const labels = verdicts.map(({ configuration, explanation }, index) => {
    const kind = kindOfAll(explanation)
    const input = element('input', { type: 'radio', name: 'configuration', value: String(index) })
    input.checked = index === chosen
    input.addEventListener('change', () => {
      chosen = index
      show()
      at('configurations').querySelectorAll('input')[index].focus()
      say(configuration + ': ' + titleOf(explanation), true)
    })
    return element('label', { class: kind }, input, sign(kind), configuration, element('span', { class: 'hidden' }, titleOf(explanation)))
  })
  at('choices').replaceChildren(...labels)
}
`
