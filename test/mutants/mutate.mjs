// The mutants of a JavaScript file: small changes, of which a test should notice each.
import ts from 'typescript'

const { SyntaxKind: Kind } = ts

const SWAPPED = {
  '&&': '||',
  '||': '&&',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '+=': '-=',
  '-=': '+=',
}
const isEquality = (node) => ts.isBinaryExpression(node) && /^[!=]==$/.test(node.operatorToken.getText())
const isText = (node) => ts.isStringLiteral(node) || ts.isTemplateExpression(node)

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
  const mutants = []
  const source = ts.createSourceFile('x.js', code, ts.ScriptTarget.Latest, true)

  function add(node, is, end = node.getEnd()) {
    const start = node.getStart()
    mutants.push({ start, end, was: code.slice(start, end), is, place: placeOf(node) })
  }

  function condition(node, ...values) {
    for (const value of values) add(node, value)
  }

  function mutate(node) {
    if (ts.isIfStatement(node)) condition(node.expression, 'true', 'false')
    if (ts.isConditionalExpression(node)) condition(node.condition, 'true', 'false')
    if (ts.isWhileStatement(node)) condition(node.expression, 'false')
    if (ts.isForStatement(node) && node.condition) condition(node.condition, 'false')

    if (ts.isBinaryExpression(node)) {
      const { left, right, operatorToken, parent } = node
      const operator = operatorToken.getText()
      // A condition of its own has been true and false already.
      const isSeen = isEquality(node) && (ts.isIfStatement(parent) || ts.isConditionalExpression(parent))
      const isJoined = operator === '+' && (isText(left) || isText(right))
      if (SWAPPED[operator] && !isSeen && !isJoined)
        add(node, `${left.getText()} ${SWAPPED[operator]} ${right.getText()}`)
      if (operator === '??') add(node, `(${left.getText()})`)
    }
    if (
      ts.isPrefixUnaryExpression(node) &&
      node.operator === Kind.ExclamationToken &&
      !ts.isIfStatement(node.parent)
    )
      add(node, `(${node.operand.getText()})`)

    if (ts.isNumericLiteral(node)) add(node, String(Number(node.text.replaceAll('_', '')) + 1))
    if (node.kind === Kind.TrueKeyword) add(node, 'false')
    if (node.kind === Kind.FalseKeyword) add(node, 'true')
    const isName =
      ts.isImportDeclaration(node.parent ?? source) ||
      (ts.isPropertyAssignment(node.parent ?? source) && node.parent.name === node)
    if (isText(node) || ts.isNoSubstitutionTemplateLiteral(node))
      if (!isName) add(node, node.text === '' ? "'mutant'" : "''")

    if (ts.isReturnStatement(node) && node.expression && node.expression.getText() !== 'undefined')
      add(node.expression, 'undefined')
    if (ts.isArrowFunction(node) && !ts.isBlock(node.body) && node.body.getText() !== 'undefined')
      add(node.body, 'undefined')
    const isDone = ts.isThrowStatement(node) || ts.isContinueStatement(node) || ts.isBreakStatement(node)
    if (isDone || (ts.isExpressionStatement(node) && !node.getText().startsWith('super('))) add(node, ';')
    if (ts.isArrayLiteralExpression(node) && !isAssigned(node))
      for (const [index, element] of node.elements.entries()) {
        const next = node.elements[index + 1]
        add(element, '', next ? next.getStart() : element.getEnd())
      }

    ts.forEachChild(node, mutate)
  }

  mutate(source)
  return mutants
}

/** [a, b] = …, whose elements are targets. */
function isAssigned({ parent }) {
  return (
    ts.isBinaryExpression(parent) &&
    parent.operatorToken.kind === Kind.EqualsToken &&
    ts.isExpressionStatement(parent.parent)
  )
}
