import { expect, test } from 'vitest';
import { parseNotification } from '../../src/hub/notifications/notification-doc.ts';
import { NotificationType } from '../../src/notifier/incident-data.ts';
import { incidentNotification } from '../../src/notifier/incident-notification.ts';

test('a direct call about an incident becomes a notification', () => {
  const data = { title: 'Database Connection Failure', severity: 'SEV-1', service: 'database-cluster', attempts: 3 };
  const notification = incidentNotification('INC-123', ['user-123'], NotificationType.IncidentCreated, data);
  expect(notification).toEqual({
    type: 'incident.created',
    title: 'Database Connection Failure',
    severity: 'SEV-1',
    priority: 'critical',
    data: { service: 'database-cluster', attempts: '3', incident_id: 'INC-123' },
    thread: 'INC-123',
    to: { users: ['user-123'] },
  });
  expect(parseNotification(notification, { timezone: 'UTC' })).not.toBeInstanceOf(Array);
});

test.each([
  ['incident.created', undefined, 'medium'],
  ['incident.created', 'sev-2', 'high'],
  ['incident.created', 'info', 'low'],
  ['incident.created', 'of our own', 'medium'],
  ['incident.escalated', 'SEV-4', 'high'],
  ['incident.escalated', 'SEV-1', 'critical'],
  ['incident.sla_breach', 'SEV-5', 'critical'],
])('%s of severity %s is %s', (type, severity, priority) => {
  expect(incidentNotification('i', ['u'], type, severity ? { severity } : {}).priority).toBe(priority);
});

test('its own priority, title and data win over the words of the type', () => {
  const given = { priority: 'low', data: { team: 'db' }, message: 'm', status: 'open', url: 'https://x.example/1' };
  expect(incidentNotification('i', ['u'], 'incident.sla_breach', given)).toEqual({
    ...{ type: 'incident.sla_breach', title: 'SLA breached', message: 'm', status: 'open', url: 'https://x.example/1' },
    ...{ priority: 'low', data: { team: 'db', incident_id: 'i' }, thread: 'i', to: { users: ['u'] } },
  });
});
