// The mutants of a JavaScript file: small changes, of which a test should notice each. They are those of Stryker by
// default, and the removal of single statements; CONTRIBUTING.md says which strings count.
import ts from 'typescript'
import { patternsOf } from './patterns.mjs'

const { SyntaxKind: Kind } = ts

/** What each operator becomes. */
const OPERATORS = {
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '+=': ['-='],
  '-=': ['+='],
  '??=': ['='],
}
const YIELDS_BOOLEAN = new Set(['&&', '||', '<', '<=', '>', '>=', '===', '!==', 'in', 'instanceof'])

/** What each method becomes; '' leaves the call out. */
const METHODS = {
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  toLowerCase: 'toUpperCase',
  toUpperCase: 'toLowerCase',
  some: 'every',
  every: 'some',
  min: 'max',
  max: 'min',
  trimStart: 'trimEnd',
  trimEnd: 'trimStart',
  charAt: '',
  filter: '',
  reverse: '',
  slice: '',
  sort: '',
  substring: '',
  trim: '',
}

/** Properties, and functions by that name, whose strings are for people. */
const FOR_PEOPLE = new Set(['challenge', 'check', 'detail', 'expected', 'fix', 'got', 'problem', 'reason'])
/** Callees whose strings are for people: an error's message, a mistake in the options and how to fix it. */
const TELLS_PEOPLE = /^(?:new \w*Error|mistake|\w*[pP]roblems\.\w+)$/
/** Callees whose strings say in a mistake which method was called: `users.find`. */
const NAMES_ITSELF = /^(?:requireOptions|readIdentity|readFuture|withUser)$/
/** Initializers of these names are texts whatever they are: what chooses between two texts changes a text alone. */
const TEXTS = new Set(['challenge', 'detail', 'expected', 'fix', 'got', 'problem', 'reason'])
/** How long something waits in real time, which tests would have to wait for as well. */
const WAITS = /^(?:sleep|setTimeout|setInterval|AbortSignal\.timeout)$/
const MILLISECONDS = /(?:_MS|Ms)$/
/** Strings of so many words are sentences, wherever they stand. */
const SENTENCE = /\S\s+\S+\s+\S/

const isString = (node) => ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)
const isText = (node) => isString(node) || ts.isTemplateExpression(node)
const isEmpty = (node) => node === undefined || node.getText() === 'undefined'

/** Whether a string is read by people, and by no code of ours, a client or an issuer. */
function isForPeople(node) {
  const { parent } = node
  const isCompared = ts.isBinaryExpression(parent) && /^[!=]==$/.test(parent.operatorToken.getText())
  if (isCompared) return false
  if (SENTENCE.test(node.getText().slice(1, -1))) return true
  for (let at = parent; at; at = at.parent) {
    if ((ts.isPropertyAssignment(at) || ts.isMethodDeclaration(at)) && FOR_PEOPLE.has(at.name.getText()))
      return true
    if (ts.isVariableDeclaration(at) && FOR_PEOPLE.has(at.name.getText())) return true
    if (ts.isNewExpression(at) && TELLS_PEOPLE.test(`new ${at.expression.getText()}`)) return true
    const callee = ts.isCallExpression(at) ? at.expression.getText() : ''
    if (TELLS_PEOPLE.test(callee) || NAMES_ITSELF.test(callee)) return true
  }
  return false
}

/** Whether a node is no more than a part of a text, or of a time that is waited: neither is a mutant. */
function isExcluded(node) {
  for (let at = node; at && !ts.isFunctionLike(at); at = at.parent) {
    const { parent } = at
    const isValue = ts.isPropertyAssignment(parent ?? at) || ts.isVariableDeclaration(parent ?? at)
    if (isValue && parent.initializer === at) {
      const name = parent.name.getText()
      if (TEXTS.has(name) || MILLISECONDS.test(name)) return true
    }
    const isArgument = parent && ts.isCallExpression(parent) && parent.expression !== at
    if (isArgument && WAITS.test(parent.expression.getText())) return true
  }
  return false
}

/** The name of what a node stands in: `readToken`, `VerifiedCache.add`. */
function placeOf(node) {
  const names = []
  for (let at = node; at; at = at.parent) {
    const isNamed =
      ts.isFunctionDeclaration(at) ||
      ts.isMethodDeclaration(at) ||
      ts.isClassDeclaration(at) ||
      ts.isPropertyAssignment(at) ||
      ts.isPropertyDeclaration(at) ||
      ts.isVariableDeclaration(at) ||
      ts.isConstructorDeclaration(at)
    if (isNamed) names.unshift(at.name?.getText() ?? 'constructor')
  }
  return names.join('.')
}

/** @returns {{ start: number, end: number, was: string, is: string, place: string }[]} */
export function mutantsOf(code) {
  const mutants = new Map()
  const source = ts.createSourceFile('x.js', code, ts.ScriptTarget.Latest, true)

  function add(node, ...texts) {
    if (isExcluded(node)) return
    const [start, end] = [node.getStart(), node.getEnd()]
    for (const is of texts)
      mutants.set(`${start} ${end} ${is}`, {
        start,
        end,
        was: code.slice(start, end),
        is,
        place: placeOf(node),
      })
  }

  function mutateCondition(node) {
    if (ts.isIfStatement(node)) add(node.expression, 'true', 'false')
    if (ts.isConditionalExpression(node)) add(node.condition, 'true', 'false')
    if (ts.isWhileStatement(node)) add(node.expression, 'false')
    if (ts.isForStatement(node) && node.condition) add(node.condition, 'false')
  }

  function mutateOperation(node) {
    if (ts.isBinaryExpression(node)) {
      const { left, right, operatorToken } = node
      const operator = operatorToken.getText()
      const isJoined = operator.startsWith('+') && (isText(left) || isText(right))
      if (!isJoined)
        for (const other of OPERATORS[operator] ?? [])
          add(node, `(${left.getText()} ${other} ${right.getText()})`)
      if (YIELDS_BOOLEAN.has(operator)) add(node, 'true', 'false')
    }
    if (ts.isPrefixUnaryExpression(node)) {
      if (node.operator === Kind.ExclamationToken) add(node, `(${node.operand.getText()})`)
      if (node.operator === Kind.MinusToken) add(node, `(+${node.operand.getText()})`)
    }
    if (node.kind === Kind.TrueKeyword) add(node, 'false')
    if (node.kind === Kind.FalseKeyword) add(node, 'true')
    if (node.kind === Kind.QuestionDotToken) add(node, ts.isPropertyAccessExpression(node.parent) ? '.' : '')
  }

  function mutateCall(node) {
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return
    const { expression, name, questionDotToken } = node.expression
    const other = Object.hasOwn(METHODS, name.text) ? METHODS[name.text] : undefined
    if (other === '') add(node, expression.getText())
    else if (other) {
      const args = node.arguments.map((argument) => argument.getText()).join(', ')
      add(node, `${expression.getText()}${questionDotToken ? '?.' : '.'}${other}(${args})`)
    }
  }

  function mutateLiteral(node) {
    const { parent } = node
    if (isText(node)) {
      const isName =
        ts.isImportDeclaration(parent) ||
        ts.isExportDeclaration(parent) ||
        (ts.isPropertyAssignment(parent) && parent.name === node)
      if (!isName && !isForPeople(node)) add(node, node.text === '' ? "'mutant'" : "''")
    }
    if (node.kind === Kind.RegularExpressionLiteral) add(node, ...patternsOf(node.text))
    if (ts.isArrayLiteralExpression(node) && !isTarget(node))
      add(node, node.elements.length > 0 ? '[]' : "['mutant']")
    if (ts.isObjectLiteralExpression(node) && node.properties.length > 0 && !isTarget(node)) add(node, '{}')
  }

  function mutateStatement(node) {
    if (ts.isBlock(node) && node.statements.length > 0 && !/\bsuper\(/.test(node.getText())) add(node, '{}')
    if (ts.isArrowFunction(node) && !ts.isBlock(node.body) && !isEmpty(node.body))
      if (!isText(node.body) || !isForPeople(node.body)) add(node.body, 'undefined')
    const isLeft = ts.isThrowStatement(node) || ts.isReturnStatement(node) || ts.isContinueStatement(node)
    const isAlone = ts.isBlock(node.parent ?? source) && node.parent.statements.length === 1
    // What a function does at its end anyway.
    if (ts.isReturnStatement(node) && isEmpty(node.expression) && isLast(node)) return
    // Alone in a block, it is gone with the block. What a bare `if` guards, its condition stands for.
    if ((isLeft || ts.isExpressionStatement(node)) && ts.isBlock(node.parent ?? source) && !isAlone)
      if (!node.getText().startsWith('super(')) add(node, ';')
  }

  function mutate(node) {
    mutateCondition(node)
    mutateOperation(node)
    mutateCall(node)
    mutateLiteral(node)
    mutateStatement(node)
    ts.forEachChild(node, mutate)
  }

  mutate(source)
  return [...mutants.values()]
}

/** Whether a statement is the last one of a function. */
function isLast({ parent, end }) {
  return ts.isBlock(parent) && ts.isFunctionLike(parent.parent) && parent.statements.at(-1).end === end
}

/** [a, b] = …, whose elements are targets. */
function isTarget({ parent }) {
  return (
    ts.isBinaryExpression(parent) &&
    parent.operatorToken.kind === Kind.EqualsToken &&
    ts.isExpressionStatement(parent.parent)
  )
}
