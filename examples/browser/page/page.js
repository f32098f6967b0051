/* eslint-env browser */
/* global Realm -- realm-web, from its <script> */
import { explainUnreachable } from './unreachable.js'

const byId = (id) => document.getElementById(id)
const { appId, apiUrl } = await (await fetch('config.json')).json()

/** fetch(), with what went over the wire shown on the page. */
async function ask(url, options = {}) {
  const { method = 'GET' } = options
  const line = document.createElement('li')
  byId('wire').append(line)
  const what = `${method} ${new URL(url, location.href).pathname}`
  try {
    const answer = await fetch(url, options)
    line.textContent = `${what} → ${answer.status}`
    line.classList.toggle('refused', !answer.ok)
    return answer
  } catch (cause) {
    line.textContent = `${what} → no answer that this page may read`
    line.classList.add('refused')
    throw Object.assign(new Error(`no answer from ${url}`, { cause }), { unreachable: true })
  }
}

const app = new Realm.App({ id: appId, baseUrl: apiUrl, fetch: ask })
let serverTime = Date.now()

/** A token from the identity provider, whose part this page's server plays. */
async function fetchToken(name) {
  const answer = await ask('token', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name }),
  })
  const { token, error } = await answer.json()
  if (!answer.ok) throw new Error(error)
  return token
}

/** An action of the Data API, with the session. An access token that has expired is replaced, once. */
async function act(action, body) {
  const bearer = () => ({ Authorization: `Bearer ${app.currentUser.accessToken}` })
  const answer = await send(action, body, bearer())
  if (answer.status !== 401) return read(answer)
  await app.currentUser.refreshAccessToken()
  const result = await read(await send(action, body, bearer()))
  say('The access token had expired. realm-web fetched a new one, and the request was sent again.')
  return result
}

const send = (action, body, credentials) =>
  ask(`${apiUrl}/app/${appId}/endpoint/data/v1/action/${action}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...credentials },
    body: JSON.stringify({ dataSource: 'mongodb-atlas', database: 'example', collection: 'notes', ...body }),
  })

async function read(answer) {
  const result = await answer.json()
  if (!answer.ok) throw new Error(result.error)
  return result
}

function say(text, failed = false) {
  byId('status').textContent = text
  byId('status').classList.toggle('refused', failed)
}

function showTime(id, milliseconds) {
  const date = new Date(milliseconds)
  byId(id).textContent = date.toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  byId(id).dateTime = date.toISOString()
}

/** Shows who is logged in, or the form. */
function showUser() {
  const user = app.currentUser
  byId('logged-out').hidden = user !== null
  byId('logged-in').hidden = user === null
  if (user === null) return
  const [, payload] = user.accessToken.split('.')
  const { exp } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')))
  byId('user-title').textContent = `Hello, ${user.profile.name}!`
  byId('user-id').textContent = user.id
  showTime('expires', exp * 1000)
  showTime('server-time', serverTime)
}

async function showNotes() {
  const { documents } = await act('find', { sort: { _id: 1 } })
  byId('no-notes').hidden = documents.length > 0
  byId('notes').replaceChildren(...documents.map(noteItem))
}

function noteItem({ _id, text }) {
  const item = document.createElement('li')
  const remove = document.createElement('button')
  remove.textContent = 'Delete'
  remove.setAttribute('aria-label', `Delete “${text}”`)
  remove.addEventListener(
    'click',
    handler(async () => {
      await act('deleteOne', { filter: { _id: { $oid: _id } } })
      say(`“${text}” is deleted.`)
      await showNotes()
      byId('text').focus()
    }),
  )
  item.append(text, remove)
  return item
}

/** Does one thing; what fails is shown. */
function handler(work) {
  return async (event) => {
    event?.preventDefault()
    byId('problem').hidden = true
    say('')
    try {
      await work()
    } catch (error) {
      await showFailure(error)
    }
    showUser()
    // What had the focus may be gone with the session.
    if (!document.activeElement.checkVisibility()) byId('name').focus()
  }
}

async function showFailure(error) {
  if (error.unreachable) {
    byId('problem').replaceChildren(...(await explainUnreachable(apiUrl)))
    byId('problem').hidden = false
  } else if (error.errorCode === 'InvalidSession') {
    // Logged out elsewhere, expired, or the example was restarted: realm-web has forgotten the session.
    say('The session is over. Log in again.', true)
  } else say(`That failed: ${error.message}`, true)
}

const on = (id, event, work) => byId(id).addEventListener(event, handler(work))

on('log-in', 'submit', async () => {
  const token = await fetchToken(byId('name').value)
  await app.logIn(Realm.Credentials.jwt(token))
  serverTime = Math.max(serverTime, Date.now())
  showUser()
  say('You are logged in.')
  await showNotes()
  byId('text').focus()
})

on('add', 'submit', async () => {
  const text = byId('text').value
  await act('insertOne', { document: { text } })
  byId('text').value = ''
  await showNotes()
})

on('later', 'click', async () => {
  const { now } = await read(await ask(`${apiUrl}/half-an-hour-later`, { method: 'POST' }))
  serverTime = now
  say('It is half an hour later: the access token has expired. Add a note, and see what happens.')
})

on('token-alone', 'click', async () => {
  const jwtTokenString = await fetchToken(app.currentUser.profile.name)
  const { documents } = await read(await send('find', {}, { jwtTokenString }))
  say(`Without the session, with the jwtTokenString header alone: ${documents.length} of your notes.`)
})

on('log-out', 'click', async () => {
  await app.removeUser(app.currentUser)
  showUser()
  say('You are logged out.')
  byId('name').focus()
})

showUser()
if (app.currentUser) await handler(showNotes)()
