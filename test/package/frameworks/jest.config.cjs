module.exports = {
  projects: [
    { displayName: 'plain', testMatch: ['<rootDir>/jest/*.test.js'] },
    { displayName: 'ts-jest', testMatch: ['<rootDir>/jest/*.test.ts'], preset: 'ts-jest' },
  ],
}
